// Rules and plan, as forms or as the JSON that they are, with a preview of whom they hit.
import { PlusOutlined } from '@ant-design/icons';
import { App, Button, Segmented, Space } from 'antd';
import { useEffect, useMemo, useState } from 'react';
import { previewGray, setGray, type Gray, type GrayPreview } from '../api/gray';
import { ApiError } from '../api/http';
import type { Detail } from '../api/types';
import { CommentField } from '../components/comment-field';
import { ErrorAlert } from '../components/error-alert';
import { CodeView } from '../editor/code-view';
import { useDebounced } from '../hooks/use-debounced';
import { useTexts } from '../i18n';
import type { ConfigState } from '../pages/use-config';
import { PreviewPanel } from './gray-preview';
import { PlanEditor } from './plan-editor';
import { RuleEditor } from './rule-editor';
import { withOne } from './rows';
import {
        firstRules,
        isAmbiguous,
        isComplete,
        toForm,
        toRules,
        withoutRule,
        type Plan,
        type Rule,
        type RuleForm,
} from './rules';

const previewDelayMs = 400;
const textOf = (rules: Rule[], plan: Plan | null) =>
        `${JSON.stringify(plan ? { rules, plan } : { rules }, null, 2)}\n`;

interface Props {
        config: ConfigState;
        /** What runs, if anything does. */
        gray: Gray | null;
        onDone: () => void;
        onCancel?: () => void;
}

function parse(text: string): { rules: Rule[]; plan: Plan | null } | null {
        try {
                const { rules, plan = null } = JSON.parse(text);
                const isWhole = Array.isArray(rules) && rules.every((rule) => Array.isArray(rule?.split));
                return isWhole ? { rules, plan } : null;
        } catch {
                return null;
        }
}

export function GrayEditor({ config, gray, onDone, onCancel }: Props) {
        const t = useTexts();
        const { message } = App.useApp();
        const { id, live, newest, versions } = config;
        const stable = live!.version;
        const candidate =
                newest!.version === stable ? (versions.items[1]?.version ?? stable) : newest!.version;
        const [text, setText] = useState(() =>
                textOf(gray?.rules ?? firstRules(candidate), gray?.plan ?? null),
        );
        const [mode, setMode] = useState<'form' | 'json'>('form');
        const [form, setForm] = useState(() => toForm(parse(text)!.rules));
        const [plan, setPlan] = useState<Plan | null>(gray?.plan ?? null);
        const [comment, setComment] = useState('');
        const [preview, setPreview] = useState<GrayPreview | null>(null);
        const [previewed, setPreviewed] = useState('');
        const [error, setError] = useState<unknown>(null);
        const [isBusy, setBusy] = useState(false);

        const fromText = mode === 'json' ? parse(text) : null;
        const wanted = useMemo(
                () =>
                        mode === 'json'
                                ? fromText
                                : isComplete(form) && !isAmbiguous(form)
                                  ? { rules: toRules(form), plan }
                                  : null,
                [mode, text, form, plan],
        );
        const identity = JSON.stringify(wanted);
        const rested = useDebounced(identity, previewDelayMs);
        const isStale = identity !== previewed;
        const faults: Detail[] = error instanceof ApiError ? error.details : [];
        const isPlaced =
                faults.length > 0 &&
                mode === 'form' &&
                faults.every(({ field }) => /^(rules\[|plan)/.test(field));

        // What the server says of the rules is what it would say when they are set.
        useEffect(() => {
                const rules = wanted?.rules;
                if (!rules) return undefined;
                const controller = new AbortController();
                const asked = identity;
                previewGray(id, rules, gray?.salt ?? preview?.salt, controller.signal).then(
                        (next) => {
                                setPreview(next);
                                setPreviewed(asked);
                                setError(null);
                        },
                        (problem) => {
                                if (controller.signal.aborted) return;
                                setPreviewed(asked);
                                setError(problem);
                        },
                );
                return () => controller.abort();
        }, [rested]);

        function choose(next: 'form' | 'json') {
                if (next === 'json') setText(textOf(toRules(form), plan));
                else {
                        setForm(toForm(fromText!.rules));
                        setPlan(fromText!.plan);
                }
                setMode(next);
        }

        function changeRule(at: number, next: RuleForm | null) {
                setForm(withOne(form, at, next));
                if (!next) setPlan(withoutRule(plan, at));
        }

        async function submit() {
                setBusy(true);
                try {
                        await setGray(id, {
                                rules: wanted!.rules,
                                salt: gray?.salt ?? preview?.salt,
                                plan: wanted!.plan ?? undefined,
                                comment,
                        });
                        void message.success(t.gray.isSet);
                        config.reload();
                        onDone();
                } catch (problem) {
                        setError(problem);
                } finally {
                        setBusy(false);
                }
        }

        const options = versions.items.map(({ version, comment: why }) => ({
                value: version,
                label: `v${version}${version === stable ? ` (${t.config.isLive})` : ''}${why ? ` · ${why}` : ''}`,
        }));
        return (
                <div className="gray-editor">
                        <div className="toolbar">
                                <strong className="toolbar-main">
                                        {gray ? t.gray.editTitle : t.gray.newTitle}
                                </strong>
                                <Segmented
                                        size="small"
                                        value={mode}
                                        onChange={choose}
                                        options={[
                                                {
                                                        value: 'form',
                                                        label: t.gray.form,
                                                        disabled: mode === 'json' && !fromText,
                                                },
                                                { value: 'json', label: 'JSON' },
                                        ]}
                                />
                        </div>
                        {mode === 'form' ? (
                                <>
                                        {form.map((rule, i) => (
                                                <RuleEditor
                                                        key={i}
                                                        index={i}
                                                        rule={rule}
                                                        stable={stable}
                                                        versions={options}
                                                        faults={faults}
                                                        onChange={(next) => changeRule(i, next)}
                                                        onRemove={
                                                                form.length > 1
                                                                        ? () => changeRule(i, null)
                                                                        : undefined
                                                        }
                                                />
                                        ))}
                                        <Button
                                                size="small"
                                                icon={<PlusOutlined />}
                                                onClick={() =>
                                                        setForm([...form, ...toForm(firstRules(candidate))])
                                                }
                                        >
                                                {t.gray.addRule}
                                        </Button>
                                        <PlanEditor
                                                plan={plan}
                                                nRules={form.length}
                                                faults={faults}
                                                onChange={setPlan}
                                        />
                                </>
                        ) : (
                                <CodeView
                                        value={text}
                                        format="json"
                                        label={t.gray.rules}
                                        onChange={setText}
                                />
                        )}
                        {mode === 'json' && !fromText && (
                                <p className="danger" role="alert">
                                        {t.gray.noJson}
                                </p>
                        )}
                        {!isPlaced && <ErrorAlert error={error} />}
                        {wanted && !error && <PreviewPanel preview={preview} isStale={isStale} />}
                        {!wanted && mode === 'form' && (
                                <p className="secondary">
                                        {isComplete(form) ? t.gray.ambiguous : t.gray.incomplete}
                                </p>
                        )}
                        <CommentField value={comment} onChange={setComment} />
                        <Space>
                                <Button
                                        type="primary"
                                        loading={isBusy}
                                        disabled={!wanted || isStale}
                                        onClick={submit}
                                >
                                        {gray ? t.gray.change : t.gray.release}
                                </Button>
                                {onCancel && <Button onClick={onCancel}>{t.common.cancel}</Button>}
                        </Space>
                </div>
        );
}
