/*
 * Weights of arms: exact decimal numbers, which no floating point comes near to.
 */
#include "model/digits.h"
#include "model/gray.h"
#include "model/json_read.h"

#define DECIMALS 3

/* Exponents beyond it are as good as it: no text is long enough to make up for one. */
#define EXPONENT_MAX 1000000000

/* The most digits of a weight in thousandths. */
#define DIGITS_MAX 6

/* The digits of a number from the first that is not 0 to the last that is not. */
typedef struct Decimal {
        uint32_t value;
        int64_t n_digits;
        int64_t n_zeros; /* that follow them */
        int64_t n_after_point;
} Decimal;

/* Takes an exponent, which may have any number of digits, off the end of @number. */
static bool take_exponent(Span *number, int64_t *ret_exponent) {
        int64_t exponent = 0;
        bool is_negative;
        size_t mark = 0, at;

        while (mark < number->size && number->data[mark] != 'e' && number->data[mark] != 'E')
                mark++;
        at = mark + 1;
        is_negative = at < number->size && number->data[at] == '-';
        if (is_negative || (at < number->size && number->data[at] == '+'))
                at++;
        if (mark < number->size && at >= number->size)
                return false;

        for (; at < number->size; at++) {
                if (!is_digit(number->data[at]))
                        return false;
                exponent = MIN(exponent * 10 + (number->data[at] - '0'), EXPONENT_MAX);
        }
        number->size = mark;
        *ret_exponent = is_negative ? -exponent : exponent;
        return true;
}

static uint32_t shift(uint32_t value, int64_t n_digits) {
        for (; n_digits > 0; n_digits--)
                value *= 10;
        return value;
}

/* Return: false when more digits count than a weight has. */
static bool add_digit(Decimal *decimal, uint32_t digit) {
        if (digit == 0) {
                decimal->n_zeros += decimal->n_digits > 0;
                return true;
        }

        decimal->n_digits = decimal->n_digits ? decimal->n_digits + decimal->n_zeros + 1 : 1;
        if (decimal->n_digits > DIGITS_MAX)
                return false;
        decimal->value = shift(decimal->value, decimal->n_zeros + 1) + digit;
        decimal->n_zeros = 0;
        return true;
}

static bool read_decimal(Span digits, Decimal *ret_decimal) {
        Decimal decimal = { 0 };
        bool is_behind_point = false;

        for (size_t i = 0; i < digits.size; i++) {
                if (digits.data[i] == '.' && !is_behind_point) {
                        is_behind_point = true;
                        continue;
                }
                if (!is_digit(digits.data[i]) || !add_digit(&decimal, (uint32_t)(digits.data[i] - '0')))
                        return false;
                decimal.n_after_point += is_behind_point;
        }

        *ret_decimal = decimal;
        return true;
}

bool gray_weight_parse(Span number, uint32_t *ret_weight) {
        bool is_negative = number.size > 0 && number.data[0] == '-';
        Span digits = { number.data + is_negative, number.size - is_negative };
        int64_t exponent, n_more;
        Decimal decimal;

        if (!take_exponent(&digits, &exponent) || digits.size == 0 || !read_decimal(digits, &decimal))
                return false;
        if (decimal.value == 0) {
                *ret_weight = 0;
                return true;
        }

        n_more = exponent + decimal.n_zeros - decimal.n_after_point + DECIMALS;
        if (is_negative || n_more < 0 || decimal.n_digits + n_more > DIGITS_MAX)
                return false;
        if (shift(decimal.value, n_more) > GRAY_WEIGHT_MAX)
                return false;

        *ret_weight = shift(decimal.value, n_more);
        return true;
}

void gray_append_weight(Buf *buf, uint32_t weight) {
        uint32_t thousandths = weight % 1000;
        char decimals[] = { '.', (char)('0' + thousandths / 100), (char)('0' + thousandths / 10 % 10),
                            (char)('0' + thousandths % 10) };
        size_t size = sizeof(decimals);

        buf_append_u64(buf, weight / 1000);
        if (thousandths == 0)
                return;

        while (decimals[size - 1] == '0')
                size--;
        buf_append(buf, decimals, size);
}

/* The member of that name, which is there. */
static JsonValue find_member(JsonValue object, const char *wanted) {
        Span rest = object.text, name;
        JsonValue value = { JSON_KIND_NULL, SPAN_LITERAL("") };

        while (json_read_member(&rest, &name, &value))
                if (json_read_equals(name, span_from_string(wanted)))
                        break;
        return value;
}

/* The element of that index, which is there. */
static JsonValue find_element(JsonValue array, size_t index) {
        JsonValue value = { JSON_KIND_NULL, SPAN_LITERAL("") };
        Span rest = array.text;

        for (size_t i = 0; i <= index; i++)
                (void)json_read_element(&rest, &value);
        return value;
}

void gray_append_rules_with_weight(const Gray *gray, uint32_t rule, uint32_t weight, Buf *buf) {
        Span rules = gray_rules(gray);
        JsonValue split = find_member(find_element(json_read_value(rules), rule), "split");
        Span old = find_member(find_element(split, 0), "weight").text;
        const char *end = old.data + old.size;

        buf_append(buf, rules.data, (size_t)(old.data - rules.data));
        gray_append_weight(buf, weight);
        buf_append(buf, end, (size_t)(rules.data + rules.size - end));
}
