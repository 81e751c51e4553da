// Which version a config serves, and whether a newer one waits.
import { Tag } from 'antd';
import type { ConfigItem } from '../api/types';
import { useTexts } from '../i18n';

export function VersionTags({ item }: { item: ConfigItem }) {
        const t = useTexts();
        const isWaiting = item.version !== null && item.latest_version > item.version;

        return (
                <span className="tags">
                        {item.version === null ? (
                                <Tag>{item.deleted ? t.browse.isDeleted : t.browse.unpublished}</Tag>
                        ) : (
                                <span className="version">v{item.version}</span>
                        )}
                        {isWaiting && <Tag color="gold">{t.browse.newer(item.latest_version)}</Tag>}
                </span>
        );
}
