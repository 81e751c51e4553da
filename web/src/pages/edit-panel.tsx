// Writing: from the newest version, or from the draft that this browser keeps, through a review to a save.
import { Alert, App, Button, Select, Space } from 'antd';
import { useState } from 'react';
import { getVersion, listVersions, saveConfig } from '../api/client';
import { ApiError } from '../api/http';
import type { Config } from '../api/types';
import type { Count } from '../count';
import { ErrorAlert } from '../components/error-alert';
import type { Draft } from '../drafts';
import { CodeView, type Fault } from '../editor/code-view';
import { formatOfKey, formats } from '../editor/language';
import { useTexts } from '../i18n';
import { configHref, go } from '../router';
import { useSession } from '../session';
import { ConflictDialog, type Conflict } from './conflict-dialog';
import { ReviewDialog } from './review-dialog';
import type { ConfigState } from './use-config';
import { useDraft } from './use-draft';

/** What the server said of the content, or null where it said something else. */
function faultsOf(error: unknown): Fault[] | null {
        if (!(error instanceof ApiError) || error.reason !== 'invalid_content') return null;
        return error.details.map(({ line, column, problem }) => ({
                line: line ?? 1,
                column: column ?? 1,
                problem,
        }));
}

interface Props {
        config: ConfigState;
        /** What is edited, unless there is a draft: null for a new config. */
        start: Config | null;
        nInstances: Count;
}

export function EditPanel({ config, start, nInstances }: Props) {
        const t = useTexts();
        const { message } = App.useApp();
        const { may } = useSession();
        const { id, live, newest } = config;
        const fresh = {
                base: start?.version ?? null,
                content: start?.content ?? '',
                format: start?.format ?? formatOfKey(id.key),
                at: Date.now(),
        };
        const { draft, isKept, theirs, ...drafts } = useDraft(id, fresh);
        const [isReviewing, setReviewing] = useState(false);
        const [error, setError] = useState<unknown>(null);
        const [faults, setFaults] = useState<Fault[]>([]);
        const [conflict, setConflict] = useState<Conflict | null>(null);

        function change(part: Partial<Draft>) {
                drafts.change(part);
                setFaults([]);
        }

        /** What is written stays a draft, which the page offers to go on with. */
        function close() {
                drafts.keepNow();
                go(configHref(id));
        }

        /** There is nothing left to keep. */
        function leave() {
                drafts.drop();
                go(configHref(id));
        }

        async function showConflict(mine: Draft) {
                const { items } = await listVersions(id, { limit: 1 });
                setConflict({ theirs: await getVersion(id, items[0].version), draft: mine });
                setReviewing(false);
        }

        async function save(mine: Draft, comment: string, publish: boolean) {
                setError(null);
                try {
                        const saved = await saveConfig(
                                id,
                                { content: mine.content, format: mine.format, comment, publish },
                                mine.base,
                        );
                        void message.success(
                                publish
                                        ? t.review.published(saved.version)
                                        : saved.created
                                          ? t.review.saved(saved.version)
                                          : t.review.nothingNew,
                        );
                        config.reload();
                        leave();
                } catch (problem) {
                        const found = faultsOf(problem);
                        if (problem instanceof ApiError && problem.reason === 'version_conflict') {
                                await showConflict(mine).catch(setError);
                                return;
                        }
                        setError(problem);
                        if (found) {
                                setFaults(found);
                                setReviewing(false);
                        }
                }
        }

        const isChanged =
                draft.content !== fresh.content || draft.format !== fresh.format || draft.base !== fresh.base;
        const isOvertaken = newest !== null && newest.version !== draft.base;
        return (
                <div className="edit">
                        {isOvertaken && (
                                <Alert type="warning" showIcon message={t.config.overtaken(newest.version)} />
                        )}
                        {theirs && (
                                <Alert
                                        type="warning"
                                        showIcon
                                        role="alert"
                                        message={t.editor.elsewhere}
                                        action={
                                                <Space wrap>
                                                        <Button size="small" onClick={drafts.takeTheirs}>
                                                                {t.editor.takeTheirs}
                                                        </Button>
                                                        <Button size="small" onClick={drafts.keepMine}>
                                                                {t.editor.keepMine}
                                                        </Button>
                                                </Space>
                                        }
                                />
                        )}
                        {faults.length > 0 && (
                                <Alert
                                        type="error"
                                        showIcon
                                        role="alert"
                                        message={t.editor.invalid}
                                        description={faults.map(({ line, column, problem }) => (
                                                <div
                                                        key={`${line}:${column}`}
                                                >{`${t.editor.at(line, column)}: ${problem}`}</div>
                                        ))}
                                />
                        )}
                        {faults.length === 0 && !isReviewing && <ErrorAlert error={error} />}
                        <div className="toolbar">
                                <Space wrap className="toolbar-main">
                                        <strong>
                                                {draft.base === null
                                                        ? t.editor.creating
                                                        : t.editor.editing(draft.base)}
                                        </strong>
                                        <Select
                                                size="small"
                                                aria-label={t.editor.format}
                                                value={draft.format}
                                                onChange={(format) => change({ format })}
                                                options={formats.map((value) => ({ value, label: value }))}
                                                popupMatchSelectWidth={false}
                                        />
                                        <span className={isKept ? 'secondary' : 'danger'} role="status">
                                                {!isKept
                                                        ? t.editor.draftNotKept
                                                        : theirs
                                                          ? t.editor.draftWaits
                                                          : isChanged
                                                            ? t.editor.draftKept
                                                            : t.editor.unchanged}
                                        </span>
                                </Space>
                                <Space>
                                        <Button
                                                disabled={theirs !== null}
                                                onClick={isChanged ? close : leave}
                                        >
                                                {t.editor.close}
                                        </Button>
                                        <Button
                                                type="primary"
                                                disabled={!isChanged && start !== null}
                                                onClick={() => {
                                                        setError(null);
                                                        setReviewing(true);
                                                }}
                                        >
                                                {t.editor.review}
                                        </Button>
                                </Space>
                        </div>
                        <CodeView
                                value={draft.content}
                                format={draft.format}
                                label={t.editor.label}
                                onChange={(content) => change({ content })}
                                faults={faults}
                                isFocused
                        />
                        <ReviewDialog
                                isOpen={isReviewing}
                                draft={draft}
                                live={live}
                                nInstances={nInstances}
                                mayPublish={may('publisher', id.namespace)}
                                error={error}
                                onSave={(comment, publish) => save(draft, comment, publish)}
                                onClose={() => setReviewing(false)}
                        />
                        <ConflictDialog
                                conflict={conflict}
                                onMerge={(content) => {
                                        change({ content, base: conflict!.theirs.version });
                                        setConflict(null);
                                }}
                                onOverwrite={(content) => {
                                        change({ content, base: conflict!.theirs.version });
                                        setConflict(null);
                                        setReviewing(true);
                                }}
                                onDiscard={leave}
                                onClose={() => setConflict(null)}
                        />
                </div>
        );
}
