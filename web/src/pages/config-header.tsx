// The head of a config's page: its name, what is live, who has it, and what can be done.
import { EditOutlined, EllipsisOutlined, RollbackOutlined } from '@ant-design/icons';
import { App, Button, Dropdown, Space, Tag } from 'antd';
import { deleteConfig } from '../api/client';
import { ActorText } from '../components/actor-text';
import { errorLine } from '../components/error-alert';
import { InstancesBar } from '../components/instances-bar';
import { TimeText } from '../components/time-text';
import { useTexts } from '../i18n';
import { auditHref, browseHref, configHref, go } from '../router';
import { useSession } from '../session';
import type { ConfigState } from './use-config';
import type { Count } from '../count';
import type { Instances } from './use-instances';

interface Props {
        config: ConfigState;
        instances: Instances;
        isEditing: boolean;
        /** A version that is saved and not published. */
        waiting: number | null;
        onPublish: (version: number) => void;
        onRollBack: () => void;
}

function Facts({ config, instances }: Pick<Props, 'config' | 'instances'>) {
        const t = useTexts();
        const { live } = config;

        return (
                <div className="facts">
                        {live && (
                                <span className="facts-live">
                                        <Tag color="blue" className="facts-version">{`v${live.version}`}</Tag>
                                        <TimeText time={live.updated_at} />
                                        <span>
                                                {t.config.by} <ActorText actor={live.updated_by} />
                                        </span>
                                        {live.comment && <q className="facts-comment">{live.comment}</q>}
                                </span>
                        )}
                        <InstancesBar instances={instances} version={live?.version ?? null} />
                </div>
        );
}

/** Asks, says to whom it happens, and deletes. */
function useDelete(config: ConfigState, nInstances: Count) {
        const t = useTexts();
        const { message, modal } = App.useApp();
        const { key } = config.id;

        function done() {
                void message.success(t.remove.done(key));
                config.reload();
        }
        return () =>
                modal.confirm({
                        title: t.remove.title(key),
                        content: (
                                <>
                                        <p>{t.remove.text}</p>
                                        <p>{t.remove.who(nInstances)}</p>
                                </>
                        ),
                        okText: t.remove.ok,
                        okButtonProps: { danger: true },
                        onOk: () =>
                                deleteConfig(config.id).then(
                                        done,
                                        (problem) => void message.error(errorLine(problem, t)),
                                ),
                });
}

function Actions({ config, instances, isEditing, waiting, onPublish, onRollBack }: Props) {
        const t = useTexts();
        const { may } = useSession();
        const { id, exists, isDeleted } = config;
        const askDelete = useDelete(config, instances.count);
        const mayPublish = may('publisher', id.namespace);
        const moreItems = [
                { key: 'audit', label: t.config.audit, onClick: () => go(auditHref(id)) },
                ...(mayPublish && !isDeleted && exists
                        ? [{ key: 'delete', label: t.config.delete, danger: true, onClick: askDelete }]
                        : []),
        ];

        return (
                <Space wrap>
                        {may('editor', id.namespace) && !isEditing && (
                                <Button icon={<EditOutlined />} onClick={() => go(configHref(id, 'edit'))}>
                                        {t.config.edit}
                                </Button>
                        )}
                        {mayPublish && waiting !== null && !isEditing && (
                                <Button type="primary" onClick={() => onPublish(waiting)}>
                                        {t.config.publishVersion(waiting)}
                                </Button>
                        )}
                        {mayPublish && exists && (
                                <Button danger icon={<RollbackOutlined />} onClick={onRollBack}>
                                        {t.config.rollBack}
                                </Button>
                        )}
                        <Dropdown menu={{ items: moreItems }} trigger={['click']}>
                                <Button icon={<EllipsisOutlined />} aria-label={t.app.more} />
                        </Dropdown>
                </Space>
        );
}

export function ConfigHeader(props: Props) {
        const { id } = props.config;

        return (
                <header className="config-head">
                        <div className="config-title">
                                <a href={browseHref(id.namespace)} className="config-namespace">
                                        {id.namespace}
                                </a>
                                <h1>{id.key}</h1>
                        </div>
                        <Actions {...props} />
                        <Facts config={props.config} instances={props.instances} />
                </header>
        );
}
