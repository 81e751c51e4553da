// The look: calm, dense, one accent colour.
import { theme, type ThemeConfig } from 'antd';
import type { Appearance } from './preferences';

const shared = {
        fontSize: 13,
        borderRadius: 4,
        controlHeight: 30,
        wireframe: false,
        fontFamily: '-apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif',
        fontFamilyCode:
                '"SF Mono", SFMono-Regular, ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, "Noto Sans Mono CJK SC", monospace',
};

/** Contrast of small texts is at least 4.5 : 1 on each background. */
const light = {
        colorPrimary: '#2849c9',
        colorLink: '#2849c9',
        colorBgLayout: '#f6f7f9',
        colorTextSecondary: 'rgba(0, 0, 0, 0.65)',
        colorTextTertiary: 'rgba(0, 0, 0, 0.6)',
        colorTextDescription: 'rgba(0, 0, 0, 0.6)',
        colorTextPlaceholder: 'rgba(0, 0, 0, 0.56)',
        colorError: '#c9242b',
        colorWarning: '#b26a00',
        colorSuccess: '#2a7a2e',
};
const dark = {
        colorPrimary: '#5b7cfa',
        colorLink: '#b4c5ff',
        colorError: '#ff8a87',
        colorSuccess: '#3d9a46',
        colorBgLayout: '#101216',
        colorBgContainer: '#181b20',
        colorBgElevated: '#20242b',
        colorTextSecondary: 'rgba(255, 255, 255, 0.7)',
        colorTextTertiary: 'rgba(255, 255, 255, 0.6)',
        colorTextDescription: 'rgba(255, 255, 255, 0.62)',
        colorTextPlaceholder: 'rgba(255, 255, 255, 0.55)',
};

export function themeOf(appearance: Appearance, isStill: boolean): ThemeConfig {
        return {
                cssVar: { key: 'confer' },
                hashed: false,
                algorithm: appearance === 'dark' ? theme.darkAlgorithm : theme.defaultAlgorithm,
                token: { ...shared, motion: !isStill, ...(appearance === 'dark' ? dark : light) },
                components: {
                        Button: appearance === 'dark' ? { dangerColor: '#2a0d0d' } : {},
                        Segmented: { trackBg: appearance === 'dark' ? '#0b0d10' : '#e6e8ec' },
                        Layout: { headerHeight: 48, headerPadding: '0 16px' },
                        Table: { cellPaddingBlockSM: 6 },
                        Tabs: {
                                horizontalMargin: '0 0 12px 0',
                                ...(appearance === 'dark' && {
                                        itemSelectedColor: '#9fb4f5',
                                        itemHoverColor: '#9fb4f5',
                                }),
                        },
                },
        };
}
