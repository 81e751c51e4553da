/*
 * Is a content well-formed XML? Libxml2's callback interface decides: no tree is built.
 *
 * Namespaces are not looked at, because many XML configs use prefixes that only their readers know. An
 * internal DTD is read, but an entity only ever stands for a fixed placeholder, so that neither its size nor
 * where it lies matters, and what it contains is not checked. Nothing external is read.
 *
 * Libxml2 compares each attribute of an element with all others, and some lists in a DTD likewise. So both
 * are measured beforehand, by looking for tags, comments and literals only. That reads a well-formed content
 * as libxml2 does, and for any other content up to its first fault, where libxml2 is stopped.
 */
#include <libxml/catalog.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <pthread.h>
#include <string.h>

#include "util/content.h"
#include "util/content_parsers.h"

/* Real elements have below 50; a DTD inside of a config, where there is one, declares an entity or two. */
#define ATTRIBUTES_MAX 256
#define DTD_SIZE_MAX   16384

#define NOT_FOUND SIZE_MAX

typedef struct XmlCheck {
        Span content;
        Problem *ret_problem;
        xmlParserCtxt *parser;
        NameSet entities, parameter_entities;
        xmlEntity placeholder;
        size_t depth;
        bool refused;
} XmlCheck;

/* What the parser means by the codes that people cause most; its own texts repeat the content. */
static const struct {
        int code;
        const char *text;
} faults[] = {
        { XML_ERR_NO_MEMORY, "there is not enough memory to check the XML" },
        { XML_ERR_DOCUMENT_START, "the XML must begin with a tag" },
        { XML_ERR_DOCUMENT_EMPTY, "the XML must begin with a tag" },
        { XML_ERR_DOCUMENT_END, "nothing may follow the root element" },
        { XML_ERR_INVALID_CHARREF, "this character reference names no character that XML allows" },
        { XML_ERR_INVALID_HEX_CHARREF, "this character reference names no character that XML allows" },
        { XML_ERR_INVALID_DEC_CHARREF, "this character reference names no character that XML allows" },
        { XML_ERR_INVALID_CHAR, "this character is not allowed in XML" },
        { XML_ERR_CHARREF_AT_EOF, "the XML ends too early" },
        { XML_ERR_ENTITYREF_SEMICOL_MISSING, "this entity reference lacks its semicolon: write & as &amp;" },
        { XML_ERR_NAME_REQUIRED, "a name is missing: write & as &amp; and < as &lt;" },
        { XML_ERR_UNDECLARED_ENTITY, "this entity is not declared: write & as &amp;" },
        { XML_ERR_ENTITY_LOOP, "the XML has too many references to entities that are declared elsewhere" },
        { XML_ERR_LT_IN_ATTRIBUTE, "a value has a bare <: write it as &lt;" },
        { XML_ERR_ATTRIBUTE_NOT_STARTED, "the value of this attribute lacks its quotes" },
        { XML_ERR_ATTRIBUTE_NOT_FINISHED, "the value of an attribute is not closed" },
        { XML_ERR_ATTRIBUTE_WITHOUT_VALUE, "this attribute has no value" },
        { XML_ERR_ATTRIBUTE_REDEFINED, "this attribute is there twice" },
        { XML_ERR_COMMENT_NOT_FINISHED, "a comment is not closed" },
        { XML_ERR_HYPHEN_IN_COMMENT, "a comment must not contain --" },
        { XML_ERR_PI_NOT_FINISHED, "a processing instruction is not closed" },
        { XML_ERR_RESERVED_XML_NAME, "an XML declaration may only be the very first thing" },
        { XML_ERR_CDATA_NOT_FINISHED, "a CDATA section is not closed" },
        { XML_ERR_MISPLACED_CDATA_END, "a text must not contain ]]>: write > as &gt;" },
        { XML_ERR_SPACE_REQUIRED, "a blank is missing" },
        { XML_ERR_GT_REQUIRED, "a > is missing" },
        { XML_ERR_LTSLASH_REQUIRED, "an end tag is missing" },
        { XML_ERR_TAG_NAME_MISMATCH, "this end tag does not match the start tag" },
        { XML_ERR_TAG_NOT_FINISHED, "the XML ends too early: a tag is not closed" },
        { XML_ERR_DOCTYPE_NOT_FINISHED, "the DOCTYPE is not closed" },
        { XML_ERR_XMLDECL_NOT_FINISHED, "the XML declaration is not closed" },
        { XML_ERR_ENTITY_PE_INTERNAL, "a parameter entity may not be used inside of a declaration" },
};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

/* Without the catalogs, a processing instruction could name a file for the parser to look things up in. */
static void library_init(void) {
        xmlInitParser();
        xmlCatalogSetDefaults(XML_CATA_ALLOW_NONE);
}

/* Past the next @end at or after @at, or the end of the content. */
static size_t skip_past(Span content, size_t at, Span end) {
        const char *found = NULL;

        if (at < content.size)
                found = memmem(content.data + at, content.size - at, end.data, end.size);
        return found ? (size_t)(found - content.data) + end.size : content.size;
}

/* Past the tag or declaration that begins at @at. The inside of a DTD counts as declarations of its own. */
static size_t skip_tag(Span content, size_t at, size_t *ret_n_literals) {
        size_t n_literals = 0;

        for (; at < content.size; at++) {
                char c = content.data[at];

                if (c == '>' || c == '[')
                        break;
                if (c == '"' || c == '\'') {
                        at = content_find(content, at + 1, c);
                        n_literals++;
                }
        }

        *ret_n_literals = n_literals;
        return at;
}

static bool check_dtd_size(Span content, size_t dtd, size_t end, Problem *ret_problem) {
        if (dtd == NOT_FOUND || end - dtd <= DTD_SIZE_MAX)
                return true;

        return content_refuse(content, dtd, ret_problem, "the DTD is longer than %d bytes", DTD_SIZE_MAX);
}

/* Measures the DTD and the elements. */
static bool check_sizes(Span content, Problem *ret_problem) {
        size_t dtd = NOT_FOUND, at = 0, tag, n_attributes;

        while ((at = content_find(content, at, '<')) < content.size) {
                Span rest = { content.data + at, content.size - at };

                if (span_starts_with(rest, SPAN_LITERAL("<!--")))
                        at = skip_past(content, at + 4, SPAN_LITERAL("-->"));
                else if (span_starts_with(rest, SPAN_LITERAL("<![CDATA[")))
                        at = skip_past(content, at + 9, SPAN_LITERAL("]]>"));
                else if (span_starts_with(rest, SPAN_LITERAL("<?")))
                        at = skip_past(content, at + 2, SPAN_LITERAL("?>"));
                else if (span_starts_with(rest, SPAN_LITERAL("<!"))) {
                        dtd = MIN(dtd, at);
                        at = skip_tag(content, at, &n_attributes);
                } else {
                        if (!check_dtd_size(content, dtd, at, ret_problem))
                                return false;

                        dtd = NOT_FOUND;
                        tag = at;
                        at = skip_tag(content, at, &n_attributes);
                        if (n_attributes > ATTRIBUTES_MAX)
                                return content_refuse(content, tag, ret_problem,
                                                      "this element has more than %d attributes",
                                                      ATTRIBUTES_MAX);
                }
        }
        return check_dtd_size(content, dtd, content.size, ret_problem);
}

static void xml_check_deinit(XmlCheck *check) {
        if (check->parser) {
                xmlFreeDoc(check->parser->myDoc); /* a shell that the parser keeps entity declarations in */
                check->parser->myDoc = NULL;
                xmlFreeParserCtxt(check->parser);
        }
        name_set_clear(&check->entities);
        name_set_clear(&check->parameter_entities);
}

/* Return: how far the parser got. It calls nothing but on_error() after that. */
static size_t stop_parser(XmlCheck *check) {
        long offset = xmlByteConsumed(check->parser);

        check->refused = true;
        xmlStopParser(check->parser);
        return offset > 0 ? (size_t)offset : 0;
}

static const char *fault_to_string(int code) {
        for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
                if (faults[i].code == code)
                        return faults[i].text;
        return "this is not well-formed XML";
}

static void refuse_fault(XmlCheck *check, int code) {
        size_t offset = stop_parser(check);

        (void)content_refuse(check->content, offset, check->ret_problem, "%s", fault_to_string(code));
}

/* Called for each fault with a text that is better not used. Those that are not fatal concern validity. */
static void on_error(void *context, const char *format _unused_, ...) {
        XmlCheck *check = context;
        const xmlError *error = xmlCtxtGetLastError(check->parser);

        if (error && error->level == XML_ERR_FATAL && !check->refused)
                refuse_fault(check, error->code);
}

static void on_start_element(void *context, const xmlChar *name _unused_,
                             const xmlChar **attributes _unused_) {
        XmlCheck *check = context;

        if (check->depth++ == CONTENT_DEPTH_MAX)
                (void)content_refuse(check->content, stop_parser(check), check->ret_problem,
                                     "the XML nests deeper than %d levels", CONTENT_DEPTH_MAX);
}

static void on_end_element(void *context, const xmlChar *name _unused_) {
        XmlCheck *check = context;

        check->depth--;
}

static void on_entity_declaration(void *context, const xmlChar *name, int type,
                                  const xmlChar *public_id _unused_, const xmlChar *system_id _unused_,
                                  xmlChar *value _unused_) {
        XmlCheck *check = context;
        bool parameter = type == XML_INTERNAL_PARAMETER_ENTITY || type == XML_EXTERNAL_PARAMETER_ENTITY;

        if (!name_set_add(parameter ? &check->parameter_entities : &check->entities, (const char *)name))
                refuse_fault(check, XML_ERR_NO_MEMORY);
}

static xmlEntity *find_entity(void *context, const xmlChar *name) {
        XmlCheck *check = context;

        return name_set_has(&check->entities, (const char *)name) ? &check->placeholder : NULL;
}

static xmlEntity *find_parameter_entity(void *context, const xmlChar *name) {
        XmlCheck *check = context;

        return name_set_has(&check->parameter_entities, (const char *)name) ? &check->placeholder : NULL;
}

/*
 * The handlers that are left out would build a tree or read something.
 *
 * Not being marked as of version 2, they make the parser leave out namespaces and the defaults of attributes,
 * whose cost grows with each declaration.
 */
static const xmlSAXHandler handlers = {
        .getEntity = find_entity,
        .getParameterEntity = find_parameter_entity,
        .entityDecl = on_entity_declaration,
        .startElement = on_start_element,
        .endElement = on_end_element,
        .error = on_error,
};

/*
 * An entity of the type "predefined" is a single character for the parser, which it neither parses nor
 * expands. Because @orig is set, the parser does not store the text of a declaration there.
 */
static xmlEntity placeholder_entity(void) {
        return (xmlEntity){
                .type = XML_ENTITY_DECL,
                .etype = XML_INTERNAL_PREDEFINED_ENTITY,
                .name = BAD_CAST "placeholder",
                .content = BAD_CAST "?",
                .orig = BAD_CAST "?",
                .length = 1,
        };
}

bool content_check_xml(Span content, Problem *ret_problem) {
        _cleanup_(xml_check_deinit) XmlCheck check = {
                .content = content,
                .ret_problem = ret_problem,
                .placeholder = placeholder_entity(),
        };

        if (content.size == 0)
                return content_refuse(content, 0, ret_problem, "the XML must begin with a tag");
        if (!check_sizes(content, ret_problem))
                return false;

        (void)pthread_once(&library_once, library_init);
        check.parser = xmlCreateMemoryParserCtxt(content.data, (int)content.size);
        if (!check.parser)
                return content_refuse(content, 0, ret_problem, "there is not enough memory to check the XML");

        *check.parser->sax = handlers;
        check.parser->userData = &check;
        (void)xmlCtxtUseOptions(check.parser, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
        (void)xmlParseDocument(check.parser);

        if (!check.parser->wellFormed && !check.refused)
                refuse_fault(&check, XML_ERR_OK);
        return check.parser->wellFormed && !check.refused;
}
