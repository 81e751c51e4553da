// Keeps the page's policy strict: no inline style.
//
// Libraries write their styles into style elements in the head, which the policy forbids. Here such an element is put on
// a shelf outside the document instead, and its text goes into a constructed style sheet, which is as safe as the
// script that makes it. The order on the shelf is that of the sheets, and libraries find their elements again by the
// parent that these have.

const shelf = document.createElement('div');
const sheets = new Map<Element, { sheet: CSSStyleSheet; text: string }>();

function sheetOf(element: Element) {
        const known = sheets.get(element) ?? { sheet: new CSSStyleSheet(), text: '' };
        const text = element.textContent ?? '';

        if (text !== known.text) known.sheet.replaceSync(text);
        known.text = text;
        sheets.set(element, known);
        return known.sheet;
}

function mirror() {
        for (const element of sheets.keys()) if (element.parentNode !== shelf) sheets.delete(element);
        document.adoptedStyleSheets = [...shelf.children].map(sheetOf);
}

/** Takes what is put into the head from now on; a layout that is measured right after has the styles already. */
export function keepStylesStrict() {
        const { head } = document;
        const insertBefore = head.insertBefore.bind(head);
        const removeChild = head.removeChild.bind(head);

        head.insertBefore = <T extends Node>(node: T, before: Node | null) => {
                if (!(node instanceof HTMLStyleElement)) return insertBefore(node, before);
                shelf.insertBefore(node, before && before.parentNode !== shelf ? shelf.firstChild : before);
                mirror();
                return node;
        };
        head.appendChild = (node) => head.insertBefore(node, null);
        head.removeChild = (node) =>
                node.parentNode === shelf ? shelf.removeChild(node) : removeChild(node);
        new MutationObserver(mirror).observe(shelf, { childList: true, subtree: true, characterData: true });
}
