// One config: what is live, who changed it, who has it; its versions; and everything that can be done with it.
import { EditOutlined, EllipsisOutlined, RollbackOutlined } from '@ant-design/icons';
import { Alert, App, Button, Dropdown, Skeleton, Space, Tabs, Tag } from 'antd';
import { lazy, Suspense, useEffect, useState } from 'react';
import { deleteConfig } from '../api/client';
import type { Config } from '../api/types';
import { ActorText, actorName } from '../components/actor-text';
import { describeError, ErrorAlert } from '../components/error-alert';
import { InstancesBar } from '../components/instances-bar';
import { Notice } from '../components/notice';
import { TimeText } from '../components/time-text';
import { VersionTimeline } from '../components/version-timeline';
import { dropDraft, readDraft, type Draft } from '../drafts';
import { versionsOf } from '../gray/rules';
import { useGray } from '../gray/use-gray';
import { formatAgo, useTexts } from '../i18n';
import { auditHref, browseHref, configHref, go, type ConfigTab } from '../router';
import { useSession } from '../session';
import { ComparePanel, type Pair } from './compare-panel';
import { ContentPanel } from './content-panel';
import { EditPanel } from './edit-panel';
import { InstancesPanel } from './instances-panel';
import { PublishDialog } from './publish-dialog';
import { ReleasesPanel } from './releases-panel';
import { RollbackDialog } from './rollback-dialog';
import { useConfig, type ConfigState } from './use-config';
import { useInstances, type Instances } from './use-instances';

const GrayPanel = lazy(() => import('../gray/gray-panel'));

interface Props {
  namespace: string;
  configKey: string;
  tab: ConfigTab;
}

function Facts({ config, instances }: { config: ConfigState; instances: Instances }) {
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

/** The text that editing begins with: of the newest version. */
function useStart(config: ConfigState, isEditing: boolean) {
  const [start, setStart] = useState<Config | null | undefined>(undefined);
  const { newest, isLoaded, contentOf } = config;

  useEffect(() => {
    if (!isEditing) setStart(undefined);
    else if (isLoaded && start === undefined) {
      if (newest) contentOf(newest.version).then(setStart, () => {});
      else setStart(null);
    }
  }, [isEditing, isLoaded, newest, start, contentOf]);
  return start;
}

export default function ConfigPage({ namespace, configKey, tab }: Props) {
  const t = useTexts();
  const { message, modal } = App.useApp();
  const { may } = useSession();
  const config = useConfig({ namespace, key: configKey });
  const { id, live, newest, exists, isLoaded, isDeleted } = config;
  const grayState = useGray(id, live?.revision ?? null);
  const grayVersions = versionsOf(grayState.gray?.rules ?? []);
  const instances = useInstances(id, live?.version ?? null, grayVersions);
  const nInstances = instances.rows.length;
  // Those that an arm chose get nothing of what is published meanwhile.
  const nStable = grayState.gray?.instances.stable.connected ?? nInstances;
  const [shown, setShown] = useState<number | null>(null);
  const [pair, setPair] = useState<Pair | null>(null);
  const [rollbackTo, setRollbackTo] = useState<number | null | undefined>(undefined);
  const [publishing, setPublishing] = useState<number | undefined>(undefined);
  const isEditing = tab === 'edit';
  const start = useStart(config, isEditing);
  const [draft, setDraft] = useState<Draft | null>(null);
  const mayEdit = may('editor', namespace);
  const mayPublish = may('publisher', namespace);
  const open = (next: ConfigTab) => go(configHref(id, next));

  useEffect(() => {
    document.title = `${configKey} · Confer`;
    return () => {
      document.title = 'Confer';
    };
  }, [configKey]);

  // Another tab leaves no question of the one before open.
  useEffect(() => {
    setDraft(isEditing ? null : readDraft(id));
    setRollbackTo(undefined);
    setPublishing(undefined);
  }, [tab]);

  const versions = config.versions.items;
  const fallback = versions.length > 0 ? { from: versions.find(({ version }) => version !== (live?.version ?? newest?.version))?.version ?? versions[0].version, to: live?.version ?? versions[0].version } : null;

  function discard() {
    modal.confirm({
      title: t.config.discardAsk,
      okText: t.config.discard,
      okButtonProps: { danger: true },
      onOk: () => {
        dropDraft(id);
        setDraft(null);
      },
    });
  }

  function remove() {
    modal.confirm({
      title: t.remove.title(configKey),
      content: (
        <>
          <p>{t.remove.text}</p>
          <p>{t.remove.who(nInstances)}</p>
        </>
      ),
      okText: t.remove.ok,
      okButtonProps: { danger: true },
      onOk: () =>
        deleteConfig(id).then(
          () => {
            void message.success(t.remove.done(configKey));
            config.reload();
          },
          (problem) => void message.error(describeError(problem, t).lines.join(' ')),
        ),
    });
  }

  if (!isLoaded && !config.error) return <Skeleton active className="page" />;
  if (isLoaded && !exists && !isEditing)
    return (
      <Notice
        text={`${t.config.missing} ${namespace} / ${configKey}`}
        action={mayEdit && <Button onClick={() => open('edit')}>{t.config.createIt}</Button>}
      />
    );

  const moreItems = [
    { key: 'audit', label: t.config.audit, onClick: () => go(auditHref(id)) },
    ...(mayPublish && !isDeleted && exists ? [{ key: 'delete', label: t.config.delete, danger: true, onClick: remove }] : []),
  ];
  const isWaiting = newest !== null && newest.version !== live?.version && newest.version > (live?.version ?? 0) && !isDeleted && !grayVersions.includes(newest.version);
  return (
    <div className="page config">
      <header className="config-head">
        <div className="config-title">
          <a href={browseHref(namespace)} className="config-namespace">
            {namespace}
          </a>
          <h1>{configKey}</h1>
        </div>
        <Space wrap>
          {mayEdit && !isEditing && (
            <Button icon={<EditOutlined />} onClick={() => open('edit')}>
              {t.config.edit}
            </Button>
          )}
          {mayPublish && isWaiting && !isEditing && (
            <Button type="primary" onClick={() => setPublishing(newest.version)}>
              {t.config.publishVersion(newest.version)}
            </Button>
          )}
          {mayPublish && exists && (
            <Button danger icon={<RollbackOutlined />} onClick={() => setRollbackTo(null)}>
              {t.config.rollBack}
            </Button>
          )}
          <Dropdown menu={{ items: moreItems }} trigger={['click']}>
            <Button icon={<EllipsisOutlined />} aria-label={t.app.more} />
          </Dropdown>
        </Space>
        <Facts config={config} instances={instances} />
      </header>

      <ErrorAlert error={config.error} onRetry={config.reload} />
      {isDeleted && <Alert type="warning" showIcon message={t.config.deleted} />}
      {isWaiting && !isEditing && <Alert type="info" showIcon message={live ? t.config.newer(newest.version, actorName(newest.updated_by)) : t.config.notPublishedYet(newest.version)} />}
      {grayState.gray && tab !== 'gray' && !isEditing && (
        <Alert
          type="info"
          showIcon
          className="gray-alert"
          message={t.gray.running(grayVersions.map((version) => `v${version}`).join(', '))}
          action={
            <Button size="small" onClick={() => open('gray')}>
              {t.config.view}
            </Button>
          }
        />
      )}
      {draft && (
        <Alert
          type="info"
          showIcon
          message={t.config.draftExists(formatAgo(draft.at, t.locale))}
          action={
            <Space>
              <Button size="small" onClick={() => open('edit')}>
                {t.config.goOn}
              </Button>
              <Button
                size="small"
                type="text"
                onClick={discard}
              >
                {t.config.discard}
              </Button>
            </Space>
          }
        />
      )}

      {isEditing ? (
        start !== undefined && <EditPanel config={config} start={start} nInstances={nStable} />
      ) : (
        <div className="config-body">
          <main className="config-main">
            <Tabs
              size="small"
              activeKey={tab}
              onChange={(next) => open(next as ConfigTab)}
              destroyOnHidden
              items={[
                { key: 'content', label: t.config.tabs.content, children: <ContentPanel config={config} version={shown} onBack={() => setShown(null)} /> },
                ...(fallback ? [{ key: 'compare', label: t.config.tabs.compare, children: <ComparePanel config={config} pair={pair ?? fallback} onPair={setPair} /> }] : []),
                { key: 'releases', label: t.config.tabs.releases, children: <ReleasesPanel config={config} /> },
                { key: 'instances', label: `${t.config.tabs.instances} (${nInstances}${instances.isMore ? '+' : ''})`, children: <InstancesPanel instances={instances} version={live?.version ?? null} /> },
                {
                  key: 'gray',
                  label: t.config.tabs.gray,
                  children: (
                    <Suspense fallback={<Skeleton active />}>
                      <GrayPanel config={config} state={grayState} mayPublish={mayPublish} />
                    </Suspense>
                  ),
                },
              ]}
            />
          </main>
          <VersionTimeline
            config={config}
            shown={tab === 'content' ? (shown ?? live?.version ?? null) : null}
            grayVersions={grayVersions}
            actions={{
              view: (version) => {
                setShown(version === live?.version ? null : version);
                open('content');
              },
              compare: (version) => {
                setPair({ from: live!.version, to: version });
                open('compare');
              },
              rollBack: mayPublish ? setRollbackTo : undefined,
              publish: mayPublish ? setPublishing : undefined,
            }}
          />
        </div>
      )}
      <RollbackDialog config={config} hasGray={grayState.gray !== null} target={rollbackTo} nInstances={nInstances} nStable={nStable} onClose={() => setRollbackTo(undefined)} />
      <PublishDialog config={config} version={publishing} nInstances={nStable} onClose={() => setPublishing(undefined)} />
    </div>
  );
}
