#include "model/timestamp.h"

#define MS_PER_DAY INT64_C(86400000)
#define AT_MS_MAX  INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

/* Days since 1970-01-01 in the proleptic Gregorian calendar, with years that begin in March. */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day) {
        int64_t y = month <= 2 ? year - 1 : year;
        int64_t era = (y >= 0 ? y : y - 399) / 400;
        int64_t year_of_era = y - era * 400;
        int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
        int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

        return era * 146097 + day_of_era - 719468;
}

static void date_from_days(int64_t days, int64_t *ret_year, int64_t *ret_month, int64_t *ret_day) {
        int64_t z = days + 719468;
        int64_t era = (z >= 0 ? z : z - 146096) / 146097;
        int64_t day_of_era = z - era * 146097;
        int64_t year_of_era =
                (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
        int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        int64_t shifted_month = (5 * day_of_year + 2) / 153;

        *ret_day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        *ret_month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
        *ret_year = year_of_era + era * 400 + (*ret_month <= 2);
}

static void write_digits(char *to, int64_t value, int n_digits) {
        for (int i = n_digits - 1; i >= 0; i--) {
                to[i] = (char)('0' + value % 10);
                value /= 10;
        }
}

void timestamp_append(Buf *buf, int64_t at_ms) {
        char text[] = "0000-00-00T00:00:00.000Z";
        int64_t clamped = MIN(MAX(at_ms, 0), AT_MS_MAX);
        int64_t in_day = clamped % MS_PER_DAY;
        int64_t year, month, day;

        date_from_days(clamped / MS_PER_DAY, &year, &month, &day);
        write_digits(text, year, 4);
        write_digits(text + 5, month, 2);
        write_digits(text + 8, day, 2);
        write_digits(text + 11, in_day / 3600000, 2);
        write_digits(text + 14, in_day / 60000 % 60, 2);
        write_digits(text + 17, in_day / 1000 % 60, 2);
        write_digits(text + 20, in_day % 1000, 3);
        buf_append(buf, text, sizeof(text) - 1);
}

/* Reads exactly @n_digits digits, no more than @max in value, from the front of *rest. */
static bool take_number(Span *rest, size_t n_digits, int64_t max, int64_t *ret_value) {
        int64_t value = 0;

        if (rest->size < n_digits)
                return false;
        for (size_t i = 0; i < n_digits; i++) {
                if (rest->data[i] < '0' || rest->data[i] > '9')
                        return false;
                value = value * 10 + (rest->data[i] - '0');
        }
        if (value > max)
                return false;

        *rest = (Span){ rest->data + n_digits, rest->size - n_digits };
        *ret_value = value;
        return true;
}

static bool take_char(Span *rest, const char *allowed) {
        if (rest->size == 0 || rest->data[0] == '\0' || !strchr(allowed, rest->data[0]))
                return false;

        *rest = (Span){ rest->data + 1, rest->size - 1 };
        return true;
}

static bool take_date(Span *rest, int64_t *ret_days) {
        int64_t year, month, day, check_year, check_month, check_day;

        if (!take_number(rest, 4, 9999, &year) || !take_char(rest, "-") ||
            !take_number(rest, 2, 12, &month) || !take_char(rest, "-") || !take_number(rest, 2, 31, &day) ||
            month == 0 || day == 0)
                return false;

        *ret_days = days_from_date(year, month, day);
        date_from_days(*ret_days, &check_year, &check_month, &check_day);
        return check_month == month && check_day == day;
}

static bool take_time(Span *rest, int64_t *ret_ms) {
        int64_t hour, minute, second, digit, fraction = 0;

        if (!take_number(rest, 2, 23, &hour) || !take_char(rest, ":") || !take_number(rest, 2, 59, &minute) ||
            !take_char(rest, ":") || !take_number(rest, 2, 60, &second))
                return false;

        if (take_char(rest, ".")) {
                int64_t unit = 100;

                if (!take_number(rest, 1, 9, &digit))
                        return false;
                do {
                        fraction += digit * unit;
                        unit /= 10;
                } while (take_number(rest, 1, 9, &digit));
        }

        *ret_ms = ((hour * 60 + minute) * 60 + second) * 1000 + fraction;
        return true;
}

static bool take_offset(Span *rest, int64_t *ret_ms) {
        int64_t sign, hours, minutes;

        *ret_ms = 0;
        if (take_char(rest, "Zz"))
                return true;

        sign = rest->size > 0 && rest->data[0] == '-' ? -1 : 1;
        if (!take_char(rest, "+-") || !take_number(rest, 2, 23, &hours) || !take_char(rest, ":") ||
            !take_number(rest, 2, 59, &minutes))
                return false;

        *ret_ms = sign * (hours * 60 + minutes) * 60000;
        return true;
}

bool timestamp_parse(Span text, int64_t *ret_at_ms) {
        int64_t days, in_day_ms, offset_ms;
        Span rest = text;

        if (!take_date(&rest, &days) || !take_char(&rest, "Tt ") || !take_time(&rest, &in_day_ms) ||
            !take_offset(&rest, &offset_ms) || rest.size != 0)
                return false;

        *ret_at_ms = days * MS_PER_DAY + in_day_ms - offset_ms;
        return true;
}
