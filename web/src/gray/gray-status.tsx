// A gray release that runs: who has which version, how far its ramp is, and how it ends.
import { PauseOutlined, CaretRightOutlined } from '@ant-design/icons';
import { Alert, App, Button, Space, Steps, Table, Tag } from 'antd';
import { useState } from 'react';
import {
        abortGray,
        pauseRamp,
        promoteGray,
        resumeRamp,
        type ArmCounts,
        type GrayWithInstances,
} from '../api/gray';
import { ActorText } from '../components/actor-text';
import { errorLine } from '../components/error-alert';
import { ReleaseDialog } from '../components/release-dialog';
import { TimeText } from '../components/time-text';
import { useContent } from '../hooks/use-content';
import { formatTime, useTexts } from '../i18n';
import type { ConfigState } from '../pages/use-config';
import { versionsOf, type Rule } from './rules';

interface Props {
        config: ConfigState;
        gray: GrayWithInstances;
        mayPublish: boolean;
        onEdit: () => void;
        onChanged: () => void;
}

/** A rule in one line. */
function ruleText({ match }: Rule, all: string) {
        const conditions = Object.entries(match ?? {}).map(([tag, condition]) =>
                Array.isArray(condition)
                        ? `${tag} = ${condition.join(' | ')}`
                        : `${tag} ${JSON.stringify(condition)}`,
        );
        return conditions.join(', ') || all;
}

function RampSteps({ gray }: { gray: GrayWithInstances }) {
        const t = useTexts();
        const { plan, ramp } = gray;
        if (!plan || !ramp) return null;

        const next =
                ramp.state === 'paused'
                        ? t.gray.paused
                        : ramp.state === 'done'
                          ? t.gray.done
                          : ramp.next_at && t.gray.nextAt(formatTime(ramp.next_at, t.locale));
        return (
                <div className="gray-ramp">
                        <Steps
                                size="small"
                                current={ramp.step}
                                status={
                                        ramp.state === 'paused'
                                                ? 'wait'
                                                : ramp.state === 'done'
                                                  ? 'finish'
                                                  : 'process'
                                }
                                items={[
                                        ...plan.steps.map(({ weight, hold }) => ({
                                                title: `${weight} %`,
                                                description: hold,
                                        })),
                                        ...(plan.promote ? [{ title: t.gray.promoteStep }] : []),
                                ]}
                        />
                        <p className="secondary">{next}</p>
                </div>
        );
}

function ArmsTable({ gray }: { gray: GrayWithInstances }) {
        const t = useTexts();
        const { arms, stable } = gray.instances;
        const rows: (Omit<ArmCounts, 'rule' | 'arm'> & { id: string; who: string })[] = [
                ...arms.map((arm) => ({
                        ...arm,
                        id: `${arm.rule}.${arm.arm}`,
                        who: `${arm.rule + 1}. ${ruleText(gray.rules[arm.rule], t.gray.forAll)}`,
                })),
                { ...stable, id: 'stable', who: t.gray.everybodyElse, weight: NaN },
        ];

        return (
                <Table
                        size="small"
                        rowKey="id"
                        pagination={false}
                        dataSource={rows}
                        scroll={{ x: 'max-content' }}
                        columns={[
                                { title: t.gray.whom, dataIndex: 'who', className: 'wrap' },
                                {
                                        title: t.gray.weight,
                                        key: 'weight',
                                        render: (_, { weight }) =>
                                                Number.isNaN(weight) ? '' : `${weight} %`,
                                },
                                {
                                        title: t.gray.version,
                                        key: 'version',
                                        render: (_, { version, id }) => (
                                                <Tag color={id === 'stable' ? 'blue' : 'purple'}>
                                                        v{version}
                                                </Tag>
                                        ),
                                },
                                { title: t.gray.connected, dataIndex: 'connected', align: 'right' },
                                {
                                        title: t.instances.standings.applied,
                                        dataIndex: 'applied',
                                        align: 'right',
                                },
                                {
                                        title: t.instances.standings.refused,
                                        key: 'refused',
                                        align: 'right',
                                        render: (_, { refused }) =>
                                                refused ? <strong className="danger">{refused}</strong> : 0,
                                },
                        ]}
                />
        );
}

export function GrayStatus({ config, gray, mayPublish, onEdit, onChanged }: Props) {
        const t = useTexts();
        const { message, modal } = App.useApp();
        const { id, live, contentOf } = config;
        const [promoting, setPromoting] = useState<number | null>(null);
        const after = useContent(contentOf, promoting);
        const { refusals, arms } = gray.instances;
        const changing =
                gray.instances.total -
                arms
                        .filter(({ version }) => version === promoting)
                        .reduce((n, { connected }) => n + connected, 0);

        function done(text: string) {
                void message.success(text);
                config.reload();
                onChanged();
        }
        const fail = (problem: unknown) => void message.error(errorLine(problem, t));

        function withdraw() {
                const nArms = arms.reduce((n, { connected }) => n + connected, 0);
                modal.confirm({
                        title: t.gray.withdrawTitle,
                        content: t.gray.withdrawText(nArms, gray.stable),
                        okText: t.gray.withdraw,
                        okButtonProps: { danger: true },
                        onOk: () => abortGray(id).then(() => done(t.gray.withdrawn), fail),
                });
        }

        const isRunning = gray.ramp?.state === 'running';
        return (
                <section className="gray-status" aria-label={t.config.tabs.gray}>
                        <div className="toolbar">
                                <span className="toolbar-main secondary">
                                        <TimeText time={gray.updated_at} /> {t.config.by}{' '}
                                        <ActorText actor={gray.updated_by} />{' '}
                                        {gray.comment && <q>{gray.comment}</q>}
                                </span>
                                {mayPublish && (
                                        <Space wrap>
                                                {gray.ramp && gray.ramp.state !== 'done' && (
                                                        <Button
                                                                icon={
                                                                        isRunning ? (
                                                                                <PauseOutlined />
                                                                        ) : (
                                                                                <CaretRightOutlined />
                                                                        )
                                                                }
                                                                onClick={() =>
                                                                        (isRunning
                                                                                ? pauseRamp(id)
                                                                                : resumeRamp(id)
                                                                        ).then(onChanged, fail)
                                                                }
                                                        >
                                                                {isRunning ? t.gray.pause : t.gray.resume}
                                                        </Button>
                                                )}
                                                <Button onClick={onEdit}>{t.gray.edit}</Button>
                                                {versionsOf(gray.rules).map((version) => (
                                                        <Button
                                                                key={version}
                                                                type="primary"
                                                                onClick={() => setPromoting(version)}
                                                        >
                                                                {t.gray.promote(version)}
                                                        </Button>
                                                ))}
                                                <Button danger onClick={withdraw}>
                                                        {t.gray.withdrawAsk}
                                                </Button>
                                        </Space>
                                )}
                        </div>
                        <RampSteps gray={gray} />
                        <ArmsTable gray={gray} />
                        {refusals.length > 0 && (
                                <Alert
                                        type="error"
                                        showIcon
                                        message={t.gray.refusals}
                                        description={refusals.map((refusal) => (
                                                <div key={refusal.id}>
                                                        <span className="mono">{refusal.id}</span> v
                                                        {refusal.version}: {refusal.error}
                                                </div>
                                        ))}
                                />
                        )}
                        <ReleaseDialog
                                isOpen={promoting !== null}
                                title={`${t.gray.promoteNow(promoting ?? 0)}: ${id.key}`}
                                okText={t.gray.promoteNow(promoting ?? 0)}
                                consequence={t.gray.promoteText(changing)}
                                before={live?.content ?? ''}
                                after={after}
                                labels={[t.rollback.before(gray.stable), `v${promoting}`]}
                                onOk={async (comment) => {
                                        await promoteGray(id, promoting!, comment);
                                        done(t.review.published(promoting!));
                                        setPromoting(null);
                                }}
                                onClose={() => setPromoting(null)}
                        />
                </section>
        );
}
