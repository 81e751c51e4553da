// Who did what, newest first. New entries show up while somebody looks at the top.
import { Button, DatePicker, Form, Input, Select, Tag, type TableColumnsType } from 'antd';
import type { Dayjs } from 'dayjs';
import { useState } from 'react';
import { listAudit, type AuditQuery } from '../api/client';
import { ApiError } from '../api/http';
import type { AuditEntry } from '../api/types';
import { ActorText } from '../components/actor-text';
import { ErrorAlert } from '../components/error-alert';
import { LongTable } from '../components/long-table';
import { TimeText } from '../components/time-text';
import { useIsNarrow } from '../hooks/use-media';
import { usePages } from '../hooks/use-pages';
import { usePolling } from '../hooks/use-polling';
import { formatTime, useTexts } from '../i18n';
import type { Texts } from '../i18n/en';
import { configHref } from '../router';

const pageSize = 100;
const newestEveryMs = 4000;
const openerWidth = 44;

interface Fields {
        namespace?: string;
        key?: string;
        actor?: string;
        action?: string;
        range?: [Dayjs | null, Dayjs | null] | null;
}

function queryOf({ namespace, key, actor, action, range }: Fields): AuditQuery {
        const who = actor?.trim();
        return {
                namespace: namespace?.trim() || undefined,
                key: key?.trim() || undefined,
                actor: who ? (who.includes(':') ? who : `user:${who}`) : undefined,
                action: action || undefined,
                since: range?.[0]?.startOf('day').toISOString(),
                until: range?.[1]?.endOf('day').toISOString(),
        };
}

function columnsOf(t: Texts, isNarrow: boolean): TableColumnsType<AuditEntry> {
        const what = (entry: AuditEntry) => (
                <span className="tags">
                        <Tag color={entry.outcome === 'denied' ? 'red' : undefined} title={entry.action}>
                                {t.audit.actions[entry.action] ?? entry.action}
                                {entry.outcome === 'denied' && ` · ${t.audit.denied}`}
                        </Tag>
                        {entry.version !== null && <span className="version">v{entry.version}</span>}
                </span>
        );
        const about = ({ namespace, key }: AuditEntry) =>
                namespace && key ? (
                        <a href={configHref({ namespace, key })} className="key">
                                {namespace} / {key}
                        </a>
                ) : (
                        namespace
                );

        return [
                {
                        title: t.audit.when,
                        key: 'when',
                        width: 120,
                        render: (_, entry) => <TimeText time={entry.time} />,
                },
                {
                        title: t.audit.what,
                        key: 'what',
                        width: isNarrow ? 150 : 190,
                        render: (_, entry) => what(entry),
                },
                {
                        title: t.audit.about,
                        key: 'about',
                        width: 300,
                        ellipsis: true,
                        render: (_, entry) => about(entry),
                },
                {
                        title: t.audit.who,
                        key: 'who',
                        width: 110,
                        ellipsis: true,
                        render: (_, entry) => <ActorText actor={entry.actor} />,
                },
                { title: t.audit.comment, dataIndex: 'comment', width: 260, ellipsis: true },
                { title: t.audit.address, dataIndex: 'address', width: 120, ellipsis: true },
        ];
}

function Entry({ entry }: { entry: AuditEntry }) {
        const t = useTexts();
        const facts: [string, string | number | null][] = [
                [t.audit.when, formatTime(entry.time, t.locale)],
                [t.audit.what, entry.action],
                [t.audit.revision, entry.revision],
                [t.audit.comment, entry.comment],
                [t.audit.details, entry.details && JSON.stringify(entry.details)],
                [t.audit.hash, entry.hash],
        ];

        return (
                <dl className="entry">
                        {facts
                                .filter(([, value]) => value !== null && value !== '')
                                .map(([name, value]) => (
                                        <div key={name}>
                                                <dt>{name}</dt>
                                                <dd>{value}</dd>
                                        </div>
                                ))}
                </dl>
        );
}

export default function AuditPage({ namespace, configKey }: { namespace?: string; configKey?: string }) {
        const t = useTexts();
        const isNarrow = useIsNarrow();
        const [form] = Form.useForm<Fields>();
        const [fields, setFields] = useState<Fields>({ namespace, key: configKey });
        const query = queryOf(fields);
        const entries = usePages<AuditEntry>(
                (cursor, signal) => listAudit({ ...query, limit: pageSize, cursor }, signal),
                [JSON.stringify(query)],
        );

        usePolling(
                { ...entries, reload: () => entries.refresh((entry, first) => entry.id > first.id) },
                entries.error instanceof ApiError ? null : newestEveryMs,
        );

        const actions = Object.entries(t.audit.actions).map(([value, label]) => ({ value, label }));
        return (
                <div className="page audit">
                        <h1 className="title">{t.audit.title}</h1>
                        <Form
                                form={form}
                                layout={isNarrow ? 'vertical' : 'inline'}
                                className="audit-filter"
                                initialValues={fields}
                                onValuesChange={(changed) =>
                                        ('action' in changed || 'range' in changed) &&
                                        setFields(form.getFieldsValue())
                                }
                                onFinish={setFields}
                        >
                                <Form.Item name="namespace" label={t.audit.namespace}>
                                        <Input allowClear onBlur={form.submit} spellCheck={false} />
                                </Form.Item>
                                <Form.Item name="key" label={t.audit.key}>
                                        <Input allowClear onBlur={form.submit} spellCheck={false} />
                                </Form.Item>
                                <Form.Item name="actor" label={t.audit.actor}>
                                        <Input
                                                allowClear
                                                onBlur={form.submit}
                                                spellCheck={false}
                                                className="audit-actor"
                                        />
                                </Form.Item>
                                <Form.Item name="action" label={t.audit.action}>
                                        <Select
                                                allowClear
                                                placeholder={t.audit.any}
                                                options={actions}
                                                className="audit-action"
                                                popupMatchSelectWidth={false}
                                        />
                                </Form.Item>
                                <Form.Item name="range" label={t.audit.range}>
                                        <DatePicker.RangePicker allowEmpty={[true, true]} />
                                </Form.Item>
                                <Button htmlType="submit" className="hidden-submit" />
                        </Form>
                        <ErrorAlert error={entries.error} onRetry={entries.reload} />
                        <LongTable
                                rowKey="id"
                                columns={columnsOf(t, isNarrow)}
                                items={entries.items}
                                isLoading={entries.isLoading}
                                emptyText={t.audit.empty}
                                onEnd={entries.loadMore}
                                expandable={{
                                        columnWidth: openerWidth,
                                        expandedRowRender: (entry) => <Entry entry={entry} />,
                                }}
                        />
                </div>
        );
}
