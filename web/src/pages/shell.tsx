// The header, and below it the page that the address names.
import { GlobalOutlined, LogoutOutlined, MoonOutlined, SunOutlined, UserOutlined } from '@ant-design/icons';
import { App, Button, Dropdown, Layout, Modal, Skeleton, Space, Tooltip } from 'antd';
import { lazy, Suspense, useMemo } from 'react';
import iconUrl from '../icon.svg';
import { languages, useTexts } from '../i18n';
import type { Appearance, Language } from '../preferences';
import { auditHref, browseHref, mirrorsHref, parseRoute, useHash, type Route } from '../router';
import { useSession } from '../session';
import { errorLine } from '../components/error-alert';
import { Boundary } from '../components/boundary';
import { Notice } from '../components/notice';
import { StreamSign } from '../components/stream-sign';
import { BrowsePage } from './browse-page';
import { SignIn, SignInPage } from './sign-in';

const ConfigPage = lazy(() => import('./config-page'));
const AuditPage = lazy(() => import('./audit-page'));
const MirrorsPage = lazy(() => import('../mirrors/mirrors-page'));

interface Props {
        language: Language;
        setLanguage: (next: Language) => void;
        appearance: Appearance;
        setAppearance: (next: Appearance) => void;
}

function pageOf(route: Route) {
        switch (route.page) {
                case 'browse':
                        return <BrowsePage namespace={route.namespace} />;
                case 'config':
                        return (
                                <ConfigPage
                                        key={`${route.namespace}/${route.key}`}
                                        namespace={route.namespace}
                                        configKey={route.key}
                                        tab={route.tab}
                                />
                        );
                case 'audit':
                        return (
                                <AuditPage
                                        key={`${route.namespace}/${route.key}`}
                                        namespace={route.namespace}
                                        configKey={route.key}
                                />
                        );
                case 'mirrors':
                        return <MirrorsPage mirror={route.mirror} ingest={route.ingest} />;
        }
}

function Page() {
        const hash = useHash();
        const route = useMemo(() => parseRoute(hash), [hash]);

        return <Boundary key={route.page}>{pageOf(route)}</Boundary>;
}

function Preferences({ language, setLanguage, appearance, setAppearance }: Props) {
        const t = useTexts();
        const isDark = appearance === 'dark';
        const items = (Object.keys(languages) as Language[]).map((name) => ({
                key: name,
                label: <span lang={languages[name].locale}>{languages[name].name}</span>,
        }));

        return (
                <>
                        <Dropdown
                                menu={{
                                        items,
                                        selectable: true,
                                        selectedKeys: [language],
                                        onClick: ({ key }) => setLanguage(key as Language),
                                }}
                                trigger={['click']}
                        >
                                <Button type="text" icon={<GlobalOutlined />} aria-label={t.app.language} />
                        </Dropdown>
                        <Tooltip title={isDark ? t.app.light : t.app.dark}>
                                <Button
                                        type="text"
                                        icon={isDark ? <SunOutlined /> : <MoonOutlined />}
                                        aria-label={isDark ? t.app.light : t.app.dark}
                                        onClick={() => setAppearance(isDark ? 'light' : 'dark')}
                                />
                        </Tooltip>
                </>
        );
}

function Header(props: Props) {
        const t = useTexts();
        const page = parseRoute(useHash()).page;
        const { message } = App.useApp();
        const { asker, signOut } = useSession();
        const link = (href: string, text: string, isHere: boolean) => (
                <a href={href} className="header-link" aria-current={isHere ? 'page' : undefined}>
                        {text}
                </a>
        );

        return (
                <Layout.Header className="header">
                        <a
                                href="#content"
                                className="skip"
                                onClick={(event) => {
                                        event.preventDefault();
                                        document.getElementById('content')?.focus();
                                }}
                        >
                                {t.app.skip}
                        </a>
                        <a href={browseHref()} className="brand" aria-label="Confer">
                                <img src={iconUrl} alt="" width={22} height={22} />
                                <span>Confer</span>
                        </a>
                        <nav className="header-links">
                                {link(browseHref(), t.app.configs, page === 'browse' || page === 'config')}
                                {link(auditHref(), t.app.audit, page === 'audit')}
                                {link(mirrorsHref(), t.app.mirrors, page === 'mirrors')}
                        </nav>
                        <Space size={2}>
                                <StreamSign />
                                <Preferences {...props} />
                                <Dropdown
                                        trigger={['click']}
                                        menu={{
                                                items: [
                                                        {
                                                                key: 'sign-out',
                                                                icon: <LogoutOutlined />,
                                                                label: t.app.signOut,
                                                        },
                                                ],
                                                onClick: () =>
                                                        signOut().catch(
                                                                (problem) =>
                                                                        void message.error(
                                                                                errorLine(problem, t),
                                                                        ),
                                                        ),
                                        }}
                                >
                                        <Button type="text" icon={<UserOutlined />} className="who">
                                                {asker?.username}
                                        </Button>
                                </Dropdown>
                        </Space>
                </Layout.Header>
        );
}

export function Shell(props: Props) {
        const t = useTexts();
        const { state, retry } = useSession();

        if (state === 'unknown') return null;
        if (state === 'unreachable')
                return (
                        <Notice
                                text={t.app.unreachable}
                                action={<Button onClick={retry}>{t.common.retry}</Button>}
                        />
                );
        if (state === 'signed-out') return <SignInPage preferences={<Preferences {...props} />} />;

        return (
                <Layout className="shell">
                        <Header {...props} />
                        <Layout.Content className="content" id="content" tabIndex={-1}>
                                <Suspense fallback={<Skeleton active className="page" />}>
                                        <Page />
                                </Suspense>
                        </Layout.Content>
                        <Modal
                                open={state === 'expired'}
                                footer={null}
                                closable={false}
                                title={t.signIn.title}
                                width={380}
                                keyboard={false}
                                maskClosable={false}
                        >
                                <SignIn hint={t.signIn.expired} />
                        </Modal>
                </Layout>
        );
}
