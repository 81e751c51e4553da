// The frame around every page: language, theme, session, header.
import { StyleProvider } from '@ant-design/cssinjs';
import { App as AntApp, ConfigProvider } from 'antd';
import enUS from 'antd/locale/en_US';
import zhCN from 'antd/locale/zh_CN';
import { useMedia } from './hooks/use-media';
import { TextsProvider } from './i18n';
import { Shell } from './pages/shell';
import { useAppearance, useLanguage } from './preferences';
import { SessionProvider } from './session';
import { themeOf } from './theme';

export function App() {
        const [language, setLanguage] = useLanguage();
        const [appearance, setAppearance] = useAppearance();
        const isStill = useMedia('(prefers-reduced-motion: reduce)');

        return (
                <StyleProvider layer>
                        <ConfigProvider
                                theme={themeOf(appearance, isStill)}
                                locale={language === 'zh' ? zhCN : enUS}
                                button={{ autoInsertSpace: false }}
                        >
                                <AntApp className="app css-var-confer" message={{ maxCount: 3 }}>
                                        <TextsProvider language={language}>
                                                <SessionProvider>
                                                        <Shell
                                                                language={language}
                                                                setLanguage={setLanguage}
                                                                appearance={appearance}
                                                                setAppearance={setAppearance}
                                                        />
                                                </SessionProvider>
                                        </TextsProvider>
                                </AntApp>
                        </ConfigProvider>
                </StyleProvider>
        );
}
