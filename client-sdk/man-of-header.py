"""Makes a manual page of one part of confer.h: man-of-header.py HEADER PAGE OUTPUT

The header is the source: a page is the functions of some of its parts, with the comment above each.
"""
import re
import sys

PAGES = {
    'confer_options': ('what a client is made with', ['options']),
    'confer_client': ('making, starting and stopping a client; its states', ['client', 'errors']),
    'confer_get': ('reading configs, whole and typed', ['values']),
    'confer_listen': ('hearing of changes', ['listeners']),
}


def parts(text):
    """The header's parts, by the name in their heading."""
    pieces = re.split(r'^/\* -{20,} ?(\w+)\n \*/\n', text, flags=re.M)
    return dict(zip(pieces[1::2], pieces[2::2]))


def escape(text):
    text = text.replace('\\', '\\e').replace('-', '\\-')
    return '\n'.join('\\&' + line if line[:1] in ".'" else line for line in text.split('\n'))


def comment_text(comment):
    lines = [re.sub(r'^\s*(/\*+|\*/|\*) ?', '', line) for line in comment.split('\n')]
    return '\n'.join(line.replace('*/', '').rstrip() for line in lines).strip('\n')


def blocks(part):
    """Pairs of a comment, perhaps empty, and the declarations that follow it."""
    tokens = re.findall(r'^/\*.*?\*/\n|(?:^(?!/\*)[^\n]*\n)+', part, flags=re.M | re.S)
    comment = ''
    for token in tokens:
        if token.startswith('/*'):
            comment = comment_text(token)
        elif token.strip() and not token.lstrip().startswith('#'):
            yield comment, re.sub(r'\n#.*', '', token.strip('\n'), flags=re.S)
            comment = ''


def render(name, sentence, texts):
    out = [f'.TH {name.upper()} 3 "" "Confer" "C library"', '.SH NAME', f'{name} \\- {escape(sentence)}',
           '.SH SYNOPSIS', '.B #include <confer/confer.h>', '.SH DESCRIPTION']
    for text in texts:
        for comment, code in blocks(text):
            if not code.strip():
                continue
            out += ['.PP', '.nf', escape(code), '.fi']
            if comment:
                out += ['.RS', '.nf', escape(comment), '.fi', '.RE']
    return '\n'.join(out + ['.SH SEE ALSO', '.BR confer (3)', ''])


def main():
    header, name, output = sys.argv[1:]
    with open(header, encoding='utf-8') as file:
        of_header = parts(file.read())
    sentence, wanted = PAGES[name]
    with open(output, 'w', encoding='utf-8') as file:
        file.write(render(name, sentence, [of_header[part] for part in wanted]))


main()
