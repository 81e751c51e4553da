#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cmocka.h>

#include "model/buf.h"
#include "model/macros.h"
#include "util/content.h"

static void assert_accepted(Format format, Span content) {
        Problem problem = PROBLEM_NULL;

        if (!content_check(format, content, &problem))
                fail_msg("%.60s is refused: %zu:%zu %s", content.data, problem.line, problem.column,
                         problem.text);
        assert_string_equal(problem.text, "");
}

/* @text is what the problem's text begins with. */
static void assert_refused(Format format, Span content, size_t line, size_t column, const char *text) {
        Problem problem = PROBLEM_NULL;

        if (content_check(format, content, &problem))
                fail_msg("%.60s is accepted", content.data);
        if (problem.line != line || problem.column != column ||
            strncmp(problem.text, text, strlen(text)) != 0)
                fail_msg("%.60s gives %zu:%zu %s, not %zu:%zu %s", content.data, problem.line, problem.column,
                         problem.text, line, column, text);
        assert_string_equal(problem.field, "");
}

static void accept(Format format, const char *content) {
        assert_accepted(format, span_from_string(content));
}

static void refuse(Format format, const char *content, size_t line, size_t column, const char *text) {
        assert_refused(format, span_from_string(content), line, column, text);
}

/* A text of @n times @unit between @before and @after, to be released with free(). */
static char *repeat(const char *before, const char *unit, size_t n, const char *after) {
        Buf buf = BUF_NULL;
        char *text;

        buf_append_string(&buf, before);
        for (size_t i = 0; i < n; i++)
                buf_append_string(&buf, unit);
        buf_append_string(&buf, after);
        text = buf_take_string(&buf);
        assert_non_null(text);
        return text;
}

static void accept_repeated(Format format, const char *before, const char *unit, size_t n,
                            const char *after) {
        _cleanup_(freep) char *text = repeat(before, unit, n, after);

        accept(format, text);
}

static void refuse_repeated(Format format, const char *before, const char *unit, size_t n, const char *after,
                            const char *expected) {
        _cleanup_(freep) char *text = repeat(before, unit, n, after);
        Problem problem;

        assert_false(content_check(format, span_from_string(text), &problem));
        if (strncmp(problem.text, expected, strlen(expected)) != 0)
                fail_msg("the problem is %s, not %s", problem.text, expected);
}

static void test_every_valid_utf8_sequence_is_accepted(void **state _unused_) {
        accept(FORMAT_TEXT, "plain\ttext\r\n");
        accept(FORMAT_TEXT, "\x7f\xc2\x80\xdf\xbf");
        accept(FORMAT_TEXT, "\xe0\xa0\x80\xe1\x80\x80\xec\xbf\xbf\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf");
        accept(FORMAT_TEXT, "\xf0\x90\x80\x80\xf1\x80\x80\x80\xf3\xbf\xbf\xbf\xf4\x8f\xbf\xbf");
        assert_accepted(FORMAT_TEXT, SPAN_LITERAL(""));
        assert_accepted(FORMAT_TEXT, SPAN_NULL);
}

static void test_every_invalid_utf8_sequence_is_refused_where_it_starts(void **state _unused_) {
        static const char invalid[][sizeof("abcd")] = {
                "\x80",
                "\xbf",
                "\xc0\x80",
                "\xc1\xbf",
                "\xc2",
                "\xc2\x41",
                "\xc2\xc2",
                "\xe0\x9f\xbf",
                "\xe0\xa0",
                "\xe0\xa0\x41",
                "\xed\xa0\x80",
                "\xed\xbf\xbf",
                "\xef\xbf",
                "\xf0\x8f\xbf\xbf",
                "\xf0\x90\x80",
                "\xf0\x90\x80\xc0",
                "\xf0\x90\x41\x80",
                "\xf4\x90\x80\x80",
                "\xf5\x80\x80\x80",
                "\xff",
        };
        char text[32];

        for (size_t i = 0; i < ARRAY_SIZE(invalid); i++) {
                refuse(FORMAT_TEXT, invalid[i], 1, 1, "this is not UTF-8");
                (void)snprintf(text, sizeof(text), "one\nsix bytes%s\n", invalid[i]);
                refuse(FORMAT_PROPERTIES, text, 2, 10, "this is not UTF-8");
        }
}

static void test_a_sequence_that_the_end_cuts_is_refused(void **state _unused_) {
        static const char text[] = "\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80";
        static const size_t starts[] = { 0, 0, 2, 2, 2, 5, 5, 5, 5 };

        for (size_t size = 0; size < ARRAY_SIZE(starts); size++)
                if (size == starts[size])
                        assert_accepted(FORMAT_TEXT, (Span){ text, size });
                else
                        assert_refused(FORMAT_TEXT, (Span){ text, size }, 1, starts[size] + 1,
                                       "this is not UTF-8");
}

/* All bytes of three-byte sequences against the rule itself: what they decode to. */
static void test_three_byte_sequences_agree_with_their_code_points(void **state _unused_) {
        for (unsigned second = 0x80; second <= 0xbf; second++)
                for (unsigned lead = 0xe0; lead <= 0xef; lead++) {
                        char text[] = { (char)lead, (char)second, (char)0x80, '\0' };
                        unsigned point = (lead & 15) << 12 | (second & 63) << 6;
                        bool valid = point >= 0x800 && (point < 0xd800 || point > 0xdfff);
                        Problem problem;

                        assert_int_equal(content_check(FORMAT_TEXT, span_from_string(text), &problem), valid);
                }
}

static void test_a_fault_is_found_at_every_alignment(void **state _unused_) {
        char text[40];

        for (size_t at = 0; at < sizeof(text); at++) {
                memset(text, 'a', sizeof(text));
                text[at] = (char)0xff;
                assert_refused(FORMAT_TEXT, (Span){ text, sizeof(text) }, 1, at + 1, "this is not UTF-8");
                text[at] = '\0';
                assert_refused(FORMAT_TEXT, (Span){ text, sizeof(text) }, 1, at + 1, "a NUL byte");
        }
}

static void test_the_first_of_two_faults_is_reported(void **state _unused_) {
        assert_refused(FORMAT_TEXT, SPAN_LITERAL("a\0\xff"), 1, 2, "a NUL byte");
        assert_refused(FORMAT_TEXT, SPAN_LITERAL("a\xff\0"), 1, 2, "this is not UTF-8");
}

static void test_nul_is_refused_in_every_format(void **state _unused_) {
        for (Format format = 0; format < FORMAT_N; format++)
                assert_refused(format, SPAN_LITERAL("1\n2\0"), 2, 2, "a NUL byte");
}

static void test_a_byte_order_mark_is_skipped_and_counts_no_column(void **state _unused_) {
        accept(FORMAT_JSON, "\xef\xbb\xbf{}");
        accept(FORMAT_XML, "\xef\xbb\xbf<?xml version='1.0'?><a/>");
        accept(FORMAT_YAML, "\xef\xbb\xbf"
                            "a: b");
        accept(FORMAT_TEXT, "\xef\xbb\xbf");
        refuse(FORMAT_JSON, "\xef\xbb\xbf]", 1, 1, "this is not JSON");
        refuse(FORMAT_JSON, "\xef\xbb\xbf", 1, 1, "the JSON ends too early");
}

static void test_columns_count_bytes_and_only_lf_ends_a_line(void **state _unused_) {
        refuse(FORMAT_JSON, "{\r\n\"\xc3\xa9\": ]", 2, 7, "this is not JSON");
        refuse(FORMAT_JSON, "[\r]x", 1, 4, "nothing may follow");
        refuse(FORMAT_YAML, "\xc3\xa9: [\xf0\x9f\x98\x80 }", 1, 11, "this is not YAML");
        refuse(FORMAT_YAML, "a: b\rc: [}", 1, 10, "this is not YAML");
        refuse(FORMAT_XML, "<a>\r\xc3\xa9\n\xc3\xa9</b>", 2, 7, "this end tag");
}

static void test_formats_without_a_parser_accept_any_text(void **state _unused_) {
        accept(FORMAT_TEXT, "{ <");
        accept(FORMAT_TOML, "= [");
        accept(FORMAT_PROPERTIES, "\\u00");
}

static void test_json_values_of_every_kind_are_accepted(void **state _unused_) {
        static const char *const valid[] = {
                "null",
                " true ",
                "-0",
                "1e5",
                "\"\"",
                "[]",
                "{}",
                "[1, {\"a\": [\"\\u0000\", \"\\ud83d\\ude00\"]}]\n",
                "{\"a\": 1, \"a\": 2}",
                "123456789012345678901234567890",
                "-99999999999999999999",
                "\"]]]\\\"[[[\"",
        };

        for (size_t i = 0; i < ARRAY_SIZE(valid); i++)
                accept(FORMAT_JSON, valid[i]);
}

static void test_faulty_json_is_refused_with_its_place(void **state _unused_) {
        refuse(FORMAT_JSON, "", 1, 1, "the JSON ends too early");
        refuse(FORMAT_JSON, " \n ", 2, 2, "the JSON ends too early");
        refuse(FORMAT_JSON, "{\"a\": [1,\n2", 2, 2, "the JSON ends too early");
        refuse(FORMAT_JSON, "\"abc", 1, 5, "the JSON ends too early");
        refuse(FORMAT_JSON, "{} {}", 1, 4, "nothing may follow the JSON value");
        refuse(FORMAT_JSON, "{\n  \"a\": 1,\n}", 3, 1, "this is not JSON: string or '}' expected");
        refuse(FORMAT_JSON, "[1 2]", 1, 4, "this is not JSON: ']' expected");
        refuse(FORMAT_JSON, "[01]", 1, 2, "this is not JSON: invalid token");
        refuse(FORMAT_JSON, "{a: 1}", 1, 2, "this is not JSON: string or '}' expected");
        refuse(FORMAT_JSON, "[1] // no", 1, 5, "nothing may follow");
        refuse(FORMAT_JSON, "\"a\tb\"", 1, 2, "this is not JSON: control character 0x9");
        refuse(FORMAT_JSON, "\"\\ud800\"", 1, 8, "this is not JSON: invalid Unicode");
        refuse(FORMAT_JSON, "[1e999]", 1, 6, "this number is too large");
        refuse(FORMAT_JSON, "{\"\\u0000\": 1}", 1, 9, "a key must not contain \\u0000");
}

static void test_a_json_problem_does_not_repeat_the_content(void **state _unused_) {
        Problem problem;

        assert_false(
                content_check(FORMAT_JSON, SPAN_LITERAL("{\"user\": \"root\" \"secret near\"}"), &problem));
        assert_string_equal(problem.text, "this is not JSON: '}' expected");
        assert_false(content_check(FORMAT_JSON, SPAN_LITERAL("[secret]"), &problem));
        assert_string_equal(problem.text, "this is not JSON: invalid token");
}

static void test_an_xml_or_yaml_problem_does_not_repeat_the_content(void **state _unused_) {
        static const char *const xml[] = { "<a></secret>", "<a secret>", "<a>&secret;</a>",
                                           "<a secret='1' secret='2'/>" };
        static const char *const yaml[] = { "a: *secret", "!secret!x y", "{secret: ]", "%secret\n---" };
        Problem problem;

        for (size_t i = 0; i < ARRAY_SIZE(xml); i++) {
                assert_false(content_check(FORMAT_XML, span_from_string(xml[i]), &problem));
                assert_null(strstr(problem.text, "secret"));
        }
        for (size_t i = 0; i < ARRAY_SIZE(yaml); i++) {
                assert_false(content_check(FORMAT_YAML, span_from_string(yaml[i]), &problem));
                assert_null(strstr(problem.text, "secret"));
        }
}

static void test_json_nests_up_to_the_limit(void **state _unused_) {
        _cleanup_(freep) char *at_limit = repeat("", "[", CONTENT_DEPTH_MAX, "");
        _cleanup_(freep) char *closed = repeat(at_limit, "]", CONTENT_DEPTH_MAX, "");
        _cleanup_(freep) char *beyond = repeat(at_limit, "[", 100000, "");

        accept(FORMAT_JSON, closed);
        refuse(FORMAT_JSON, beyond, 1, CONTENT_DEPTH_MAX + 1, "the JSON nests deeper than 256 levels");
        accept_repeated(FORMAT_JSON, "[0", ",[]", 1000, "]");
        accept_repeated(FORMAT_JSON, "\"", "[", 1000, "\"");
        accept_repeated(FORMAT_JSON, "\"\\\"", "{", 1000, "\"");
        refuse_repeated(FORMAT_JSON, "\"\\\\\"", "[", 1000, "", "the JSON nests deeper");
}

static void test_yaml_of_every_style_is_accepted(void **state _unused_) {
        static const char *const valid[] = {
                "",
                "\n# nothing\n",
                "a: b\n",
                "- 1\n- [2, {x: y}]\n",
                "---\na: 1\n---\nb: 2\n...\n",
                "%YAML 1.1\n---\na\n",
                "%TAG !e! tag:example.com,2000:\n---\n!e!a b\n",
                "a: &x [1]\nb: *x\n",
                "a: &x\n  b: *x\n",
                "&k key: 1\nother: *k\n",
                "a: |\n  %TAG\n  text\nb: >-\n  more\n",
                "a: 1\na: 2\n",
                "\xc3\xa9: \xf0\x9f\x98\x80\r\n",
                "{\"json\": [true, null]}",
        };

        for (size_t i = 0; i < ARRAY_SIZE(valid); i++)
                accept(FORMAT_YAML, valid[i]);
}

static void test_faulty_yaml_is_refused_with_its_place(void **state _unused_) {
        refuse(FORMAT_YAML, "a: [1, 2\nb: 3\n", 2, 2, "this is not YAML: while parsing a flow sequence");
        refuse(FORMAT_YAML, "a: b: c\n", 1, 5, "this is not YAML: mapping values are not allowed");
        refuse(FORMAT_YAML, "a:\n\t- b\n", 2, 1, "this is not YAML: while scanning for the next token");
        refuse(FORMAT_YAML, "a: 1\n b: 2\n", 2, 3, "this is not YAML: mapping values are not allowed");
        refuse(FORMAT_YAML, "- 'open\n", 2, 1, "this is not YAML: while scanning a quoted scalar");
        refuse(FORMAT_YAML, "ab\n\x01", 2, 1, "this is not YAML: control characters are not allowed");
        refuse(FORMAT_YAML, "!e!a b\n", 1, 1,
               "this is not YAML: while parsing a node, found undefined tag handle");
}

static void test_a_yaml_alias_must_follow_its_anchor_in_the_same_document(void **state _unused_) {
        refuse(FORMAT_YAML, "a: *x\n", 1, 4, "this alias names no anchor above it");
        refuse(FORMAT_YAML, "a: *x\nb: &x 1\n", 1, 4, "this alias names no anchor above it");
        refuse(FORMAT_YAML, "a: &x 1\n---\nb: *x\n", 3, 4, "this alias names no anchor above it");
        accept(FORMAT_YAML, "a: &x 1\nb: &x 2\nc: *x\n---\nd: &x 1\ne: *x\n");
}

static void test_yaml_nests_up_to_the_limit(void **state _unused_) {
        _cleanup_(freep) char *flow = repeat("", "[", CONTENT_DEPTH_MAX, "");
        _cleanup_(freep) char *closed = repeat(flow, "]", CONTENT_DEPTH_MAX, "");

        accept(FORMAT_YAML, closed);
        accept_repeated(FORMAT_YAML, "", "- ", CONTENT_DEPTH_MAX, "a");
        refuse_repeated(FORMAT_YAML, flow, "[", 100000, "", "the YAML nests deeper than 256 levels");
        refuse_repeated(FORMAT_YAML, "", "- ", CONTENT_DEPTH_MAX + 1, "a",
                        "the YAML nests deeper than 256 levels");
        accept_repeated(FORMAT_YAML, "", "- []\n", 1000, "");
}

static void test_yaml_that_is_costly_for_the_parser_is_refused(void **state _unused_) {
        _cleanup_(freep) char *deep = repeat("", "[", 250, "");
        _cleanup_(freep) char *laughs = repeat("a: &a [x]\n", "b: &a [*a, *a, *a, *a, *a]\n", 1000, "");

        refuse_repeated(FORMAT_YAML, deep, "1,", 100000, "", "too much of the YAML is too deeply nested");
        refuse_repeated(FORMAT_YAML, "", "%TAG !a! b\n", 110, "---\na", "the %TAG lines of one document");
        refuse_repeated(FORMAT_YAML, "%TAG !a! ", "b", 1100, "\n---\na", "the %TAG lines of one document");
        accept_repeated(FORMAT_YAML, "", "%TAG !a! b\n---\n!a!a a\n...\n", 1000, "");
        accept_repeated(FORMAT_YAML, "", "- a %TAG\n", 1000, "");
        accept(FORMAT_YAML, laughs);
}

static void test_well_formed_xml_is_accepted(void **state _unused_) {
        static const char *const valid[] = {
                "<a/>",
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- c -->\n<a b='1'>x</a>\n",
                "<a>&amp; &#233; <![CDATA[<]]></a>",
                "<p:a q:b='undeclared prefixes'/>",
                "<!DOCTYPE a><a/>",
                "<!DOCTYPE a [<!ELEMENT a ANY><!ATTLIST a b CDATA 'c>'>]><a/>",
                "<!DOCTYPE a [<!ENTITY e '<b>'>]><a c='&e;'>&e;</a>",
                "<!DOCTYPE a [<!ENTITY % p '<!ENTITY e \"x\">'>%p;]><a>&e;</a>",
                "<a>\xf0\x9f\x98\x80</a>",
        };

        for (size_t i = 0; i < ARRAY_SIZE(valid); i++)
                accept(FORMAT_XML, valid[i]);
}

static void test_faulty_xml_is_refused_with_its_place(void **state _unused_) {
        refuse(FORMAT_XML, "", 1, 1, "the XML must begin with a tag");
        refuse(FORMAT_XML, "text", 1, 1, "the XML must begin with a tag");
        refuse(FORMAT_XML, "<a>\n<b>\n</a>", 3, 5, "this end tag does not match");
        refuse(FORMAT_XML, "<a/><b/>", 1, 5, "nothing may follow the root element");
        refuse(FORMAT_XML, "<a", 1, 3, "a > is missing");
        refuse(FORMAT_XML, "<a>\n<b/>", 2, 5, "the XML ends too early");
        refuse(FORMAT_XML, "<a b='1' b='2'/>", 1, 15, "this attribute is there twice");
        refuse(FORMAT_XML, "<a b=1/>", 1, 6, "the value of this attribute lacks its quotes");
        refuse(FORMAT_XML, "<a>\nx & y</a>", 2, 4, "a name is missing");
        refuse(FORMAT_XML, "<a>&copy;</a>", 1, 10, "this entity is not declared");
        refuse(FORMAT_XML, "<a>\x01</a>", 1, 4, "this character is not allowed");
        refuse(FORMAT_XML, "\n<?xml version='1.0'?><a/>", 2, 6, "an XML declaration may only be");
}

static void test_the_encoding_that_xml_declares_is_ignored(void **state _unused_) {
        static const char *const encodings[] = { "UTF-16", "GBK", "ISO-8859-1", "no-such-encoding" };
        char text[100];

        for (size_t i = 0; i < ARRAY_SIZE(encodings); i++) {
                (void)snprintf(text, sizeof(text), "<?xml version='1.0' encoding='%s'?><a>\xe4\xb8\xad</a>",
                               encodings[i]);
                accept(FORMAT_XML, text);
        }
}

static void test_xml_nests_up_to_the_limit(void **state _unused_) {
        _cleanup_(freep) char *open = repeat("", "<a>", CONTENT_DEPTH_MAX, "");
        _cleanup_(freep) char *closed = repeat(open, "</a>", CONTENT_DEPTH_MAX, "");

        accept(FORMAT_XML, closed);
        refuse_repeated(FORMAT_XML, open, "<a>", 100000, "", "the XML nests deeper than 256 levels");
        accept_repeated(FORMAT_XML, "<a>", "<b></b>", 1000, "</a>");
}

static void test_xml_that_is_costly_for_the_parser_is_refused(void **state _unused_) {
        Buf attributes = BUF_NULL;
        _cleanup_(freep) char *text = NULL;

        for (int i = 0; i < 256; i++)
                buf_append_format(&attributes, " a%d='>'", i);
        text = buf_take_string(&attributes);

        accept_repeated(FORMAT_XML, "<a", text, 1, "/>");
        refuse_repeated(FORMAT_XML, "<a b=''", text, 1, "/>", "this element has more than 256 attributes");
        accept_repeated(FORMAT_XML, "<a>", "x='1' ", 1000, "</a>");
        accept_repeated(FORMAT_XML, "<!--<", "x='1' ", 1000, "--><a/>");
        accept_repeated(FORMAT_XML, "<a><![CDATA[<", "x='1' ", 1000, "]]></a>");
        refuse_repeated(FORMAT_XML, "<!DOCTYPE a [", "<!ENTITY e ''>", 1200, "]><a/>",
                        "the DTD is longer than");
        accept_repeated(FORMAT_XML, "<!DOCTYPE a [", "<!ENTITY e ''>", 1000, "]><a/>");
}

/* Each entity is ten of the one before: 10^12 characters, were they expanded. */
static void test_entities_are_not_expanded(void **state _unused_) {
        _cleanup_(buf_deinit) Buf text = BUF_NULL;

        buf_append_literal(&text, "<!DOCTYPE a [<!ENTITY e0 'ha'>");
        for (int i = 1; i <= 12; i++) {
                buf_append_format(&text, "<!ENTITY e%d '", i);
                for (int j = 0; j < 10; j++)
                        buf_append_format(&text, "&e%d;", i - 1);
                buf_append_literal(&text, "'>");
        }
        buf_append_literal(&text, "]><a b='&e12;'>&e12;</a>");
        assert_accepted(FORMAT_XML, buf_span(&text));
}

/* Files that would make the check fail when they were read, in a directory that is watched for reads. */
typedef struct Trap {
        char directory[32];
        char path[48];
        int watch_fd;
} Trap;

static void trap_init(Trap *trap) {
        FILE *file;

        strcpy(trap->directory, "/tmp/test-content-XXXXXX");
        assert_non_null(mkdtemp(trap->directory));
        (void)snprintf(trap->path, sizeof(trap->path), "%s/trap", trap->directory);
        file = fopen(trap->path, "w");
        assert_non_null(file);
        assert_true(fputs("<broken", file) >= 0);
        assert_int_equal(fclose(file), 0);

        trap->watch_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        assert_true(trap->watch_fd >= 0);
        assert_true(inotify_add_watch(trap->watch_fd, trap->directory, IN_OPEN | IN_ACCESS) >= 0);
}

static bool trap_was_touched(const Trap *trap) {
        char events[4096];

        return read(trap->watch_fd, events, sizeof(events)) > 0;
}

static void trap_deinit(Trap *trap) {
        (void)close(trap->watch_fd);
        (void)unlink(trap->path);
        (void)rmdir(trap->directory);
}

static void test_xml_makes_nothing_be_read(void **state _unused_) {
        static const char *const texts[] = {
                "<!DOCTYPE a [<!ENTITY e SYSTEM 'file://%s'>]><a>&e;</a>",
                "<!DOCTYPE a [<!ENTITY e PUBLIC 'x' '%s'>]><a>&e;</a>",
                "<!DOCTYPE a [<!ENTITY %% e SYSTEM 'file://%s'>%%e;]><a/>",
                "<!DOCTYPE a SYSTEM 'file://%s'><a/>",
                "<!DOCTYPE a PUBLIC 'x' '%s' [<!ENTITY e 'x'>]><a>&e;&f;</a>",
                "<?oasis-xml-catalog catalog='file://%s'?><!DOCTYPE a PUBLIC 'x' 'y'><a/>",
                "<?xml-stylesheet href='file://%s'?><a/>",
                "<a xmlns:i='http://www.w3.org/2001/XInclude'><i:include href='file://%s'/></a>",
        };
        _cleanup_(trap_deinit) Trap trap;
        char text[256];
        int fd;

        trap_init(&trap);
        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wformat-nonliteral\"")(void)
                        snprintf(text, sizeof(text), texts[i], trap.path);
                _Pragma("GCC diagnostic pop") accept(FORMAT_XML, text);
                assert_false(trap_was_touched(&trap));
        }

        fd = open(trap.path, O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(close(fd), 0);
        assert_true(trap_was_touched(&trap));
}

static void test_problems_are_not_printed(void **state _unused_) {
        FILE *captured = tmpfile();
        int saved = dup(STDERR_FILENO);

        assert_non_null(captured);
        assert_true(dup2(fileno(captured), STDERR_FILENO) >= 0);
        refuse(FORMAT_XML, "<a", 1, 3, "");
        refuse(FORMAT_XML, "<!DOCTYPE a SYSTEM 'x'><a>&e;</b>", 1, 34, "");
        refuse(FORMAT_YAML, "[", 1, 2, "");
        refuse(FORMAT_JSON, "[", 1, 2, "");
        assert_true(dup2(saved, STDERR_FILENO) >= 0);

        assert_int_equal(lseek(fileno(captured), 0, SEEK_END), 0);
        (void)close(saved);
        (void)fclose(captured);
}

static void *check_many(void *failures) {
        Problem problem;

        for (int i = 0; i < 500; i++) {
                bool good = content_check(FORMAT_XML, SPAN_LITERAL("<a b='c'>d</a>"), &problem) &&
                            content_check(FORMAT_JSON, SPAN_LITERAL("{\"a\": [1]}"), &problem) &&
                            content_check(FORMAT_YAML, SPAN_LITERAL("a: &b c\nd: *b\n"), &problem);
                bool bad = content_check(FORMAT_XML, SPAN_LITERAL("<a></b>"), &problem);

                if (!good || bad || problem.column != 8)
                        ++*(int *)failures;
        }
        return NULL;
}

static void test_many_threads_may_check_at_once(void **state _unused_) {
        int failures[4] = { 0 };
        pthread_t threads[ARRAY_SIZE(failures)];

        for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
                assert_int_equal(pthread_create(&threads[i], NULL, check_many, &failures[i]), 0);
        for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
                assert_int_equal(pthread_join(threads[i], NULL), 0);
                assert_int_equal(failures[i], 0);
        }
}

/* Every start of a valid content is looked at without reading beyond it: a sanitizer sees the end of the
 * block. */
static void test_a_content_may_end_anywhere(void **state _unused_) {
        static const struct {
                Format format;
                const char *text;
        } contents[] = {
                { FORMAT_JSON, "{\"a\": [1.5e3, \"\\u00e9\\\\\xc3\xa9\", true, null], \"b\": {}}" },
                { FORMAT_YAML, "%TAG !a! b\n---\na: &x [1, 'b']\nc: |\n  d\ne: *x\n" },
                { FORMAT_XML, "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY e 'x'>]><a "
                              "b='c'>&e;<![CDATA[d]]><!--e--></a>" },
        };
        Problem problem;

        for (size_t i = 0; i < ARRAY_SIZE(contents); i++) {
                size_t size = strlen(contents[i].text), n_accepted = 0;

                for (size_t n = 0; n <= size; n++) {
                        _cleanup_(freep) char *copy = malloc(n + (n == 0));

                        memcpy(copy, contents[i].text, n);
                        n_accepted += content_check(contents[i].format, (Span){ copy, n }, &problem);
                }
                assert_true(n_accepted >= 1);
                assert_true(n_accepted < size);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_valid_utf8_sequence_is_accepted),
                cmocka_unit_test(test_every_invalid_utf8_sequence_is_refused_where_it_starts),
                cmocka_unit_test(test_a_sequence_that_the_end_cuts_is_refused),
                cmocka_unit_test(test_three_byte_sequences_agree_with_their_code_points),
                cmocka_unit_test(test_a_fault_is_found_at_every_alignment),
                cmocka_unit_test(test_the_first_of_two_faults_is_reported),
                cmocka_unit_test(test_nul_is_refused_in_every_format),
                cmocka_unit_test(test_a_byte_order_mark_is_skipped_and_counts_no_column),
                cmocka_unit_test(test_columns_count_bytes_and_only_lf_ends_a_line),
                cmocka_unit_test(test_formats_without_a_parser_accept_any_text),
                cmocka_unit_test(test_json_values_of_every_kind_are_accepted),
                cmocka_unit_test(test_faulty_json_is_refused_with_its_place),
                cmocka_unit_test(test_a_json_problem_does_not_repeat_the_content),
                cmocka_unit_test(test_an_xml_or_yaml_problem_does_not_repeat_the_content),
                cmocka_unit_test(test_json_nests_up_to_the_limit),
                cmocka_unit_test(test_yaml_of_every_style_is_accepted),
                cmocka_unit_test(test_faulty_yaml_is_refused_with_its_place),
                cmocka_unit_test(test_a_yaml_alias_must_follow_its_anchor_in_the_same_document),
                cmocka_unit_test(test_yaml_nests_up_to_the_limit),
                cmocka_unit_test(test_yaml_that_is_costly_for_the_parser_is_refused),
                cmocka_unit_test(test_well_formed_xml_is_accepted),
                cmocka_unit_test(test_faulty_xml_is_refused_with_its_place),
                cmocka_unit_test(test_the_encoding_that_xml_declares_is_ignored),
                cmocka_unit_test(test_xml_nests_up_to_the_limit),
                cmocka_unit_test(test_xml_that_is_costly_for_the_parser_is_refused),
                cmocka_unit_test(test_entities_are_not_expanded),
                cmocka_unit_test(test_xml_makes_nothing_be_read),
                cmocka_unit_test(test_problems_are_not_printed),
                cmocka_unit_test(test_many_threads_may_check_at_once),
                cmocka_unit_test(test_a_content_may_end_anywhere),
        };

        return cmocka_run_group_tests_name("content", tests, NULL, NULL);
}
