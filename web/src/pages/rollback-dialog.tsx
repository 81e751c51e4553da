// One click and one confirmation: back to the release before, unless another version is chosen.
import { App, Checkbox, Form, Select } from 'antd';
import { useEffect, useState } from 'react';
import { rollBack } from '../api/client';
import type { ReleaseEvent } from '../api/types';
import type { Count } from '../count';
import { actorName } from '../components/actor-text';
import { ReleaseDialog } from '../components/release-dialog';
import { useContent } from '../hooks/use-content';
import { formatAgo, useTexts } from '../i18n';
import type { ConfigState } from './use-config';

const counts = ({ kind }: ReleaseEvent) => kind === 'publish' || kind === 'rollback' || kind === 'promote';

/**
 * The version that one step back leads to, as the server counts steps: the release before the one in force or, when a
 * rollback is in force, before the one that it restores; after a delete, what was in force.
 */
export function stepBack(events: ReleaseEvent[]): number | null {
        if (events[0]?.kind === 'delete') return events.find(counts)?.version ?? null;

        let inForce = events.find(counts);
        while (inForce?.kind === 'rollback' && inForce.restores !== null) {
                const { restores } = inForce;
                inForce = events.find(({ id }) => id === restores);
        }
        const before = inForce && events.find((event) => event.id < inForce.id && counts(event));
        return before?.version ?? null;
}

interface Props {
        config: ConfigState;
        /** The version that was pointed at; null: one step back; undefined: the dialog is closed. */
        target: number | null | undefined;
        nInstances: Count;
        /** Of those, how many no arm of a gray release has chosen. */
        nStable: Count;
        hasGray: boolean;
        onClose: () => void;
}

export function RollbackDialog({ config, target, nInstances, nStable, hasGray, onClose }: Props) {
        const t = useTexts();
        const { message } = App.useApp();
        const { live, versions, releases, contentOf } = config;
        const step = stepBack(releases.items);
        const [chosen, setChosen] = useState<number | null>(null);
        const [endGray, setEndGray] = useState(false);
        const others = versions.items.filter(({ version }) => version !== live?.version);
        const isOpen = target !== undefined;
        const after = useContent(contentOf, isOpen ? chosen : null);

        useEffect(() => {
                if (isOpen) setChosen(target ?? step ?? others[0]?.version ?? null);
        }, [isOpen, target]);

        async function ok(comment: string) {
                await rollBack(config.id, chosen!, hasGray && endGray, comment);
                void message.success(t.rollback.done(chosen!));
                config.reload();
                onClose();
        }

        const options = others.map(({ version, updated_at, updated_by }) => ({
                value: version,
                label:
                        t.rollback.option(version, formatAgo(updated_at, t.locale), actorName(updated_by)) +
                        (version === step ? ` (${t.rollback.previous})` : ''),
        }));
        return (
                <ReleaseDialog
                        isOpen={isOpen}
                        isDanger
                        title={`${t.rollback.title}: ${config.id.key}`}
                        okText={chosen === null ? t.rollback.title : t.rollback.ok(chosen)}
                        head={
                                <Form layout="vertical">
                                        <Form.Item
                                                label={t.rollback.to}
                                                extra={options.length ? undefined : t.rollback.nothing}
                                                htmlFor="rollback-to"
                                        >
                                                <Select
                                                        id="rollback-to"
                                                        value={chosen}
                                                        onChange={setChosen}
                                                        options={options}
                                                />
                                        </Form.Item>
                                        {hasGray && (
                                                <Checkbox
                                                        className="end-gray"
                                                        checked={endGray}
                                                        onChange={({ target: box }) =>
                                                                setEndGray(box.checked)
                                                        }
                                                >
                                                        {t.gray.endToo}
                                                </Checkbox>
                                        )}
                                </Form>
                        }
                        consequence={t.rollback.who(hasGray && !endGray ? nStable : nInstances)}
                        before={live?.content ?? ''}
                        after={after}
                        labels={[
                                live ? t.rollback.before(live.version) : t.review.beforeNothing,
                                t.rollback.after(chosen ?? 0),
                        ]}
                        onOk={ok}
                        onClose={onClose}
                />
        );
}
