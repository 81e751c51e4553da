// What a mirror's target would not take.
import { dropDeadLetters, listDeadLetters, retryDeadLetters, type DeadLetter } from '../api/mirrors';
import { useTexts } from '../i18n';
import { configHref } from '../router';
import { AsidePage } from './aside';

const idOf = (letter?: DeadLetter) => letter && { namespace: letter.namespace, key: letter.key };

export function DeadLetters({ mirror }: { mirror: string }) {
        const t = useTexts();

        return (
                <AsidePage<DeadLetter>
                        name={mirror}
                        kind={{
                                words: t.aside.letters,
                                list: (query, signal) => listDeadLetters(mirror, query, signal),
                                retry: (letter) => retryDeadLetters(mirror, idOf(letter)),
                                drop: (letter) => dropDeadLetters(mirror, idOf(letter)),
                                nameOf: ({ namespace, key }) => `${namespace} / ${key}`,
                                hrefOf: configHref,
                                revisionOf: ({ revision }) => revision,
                                facts: () => [],
                        }}
                />
        );
}
