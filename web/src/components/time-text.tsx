// A time as people speak of it, and to the second when they point at it.
import { Tooltip } from 'antd';
import { useEffect, useState } from 'react';
import { formatAgo, formatTime, useTexts } from '../i18n';

const minute = 60_000;

export function TimeText({ time }: { time: string | number }) {
        const { locale } = useTexts();
        const [, setNow] = useState(0);

        useEffect(() => {
                const timer = window.setInterval(() => setNow((n) => n + 1), minute);
                return () => window.clearInterval(timer);
        }, []);
        return (
                <Tooltip title={formatTime(time, locale)}>
                        <time dateTime={new Date(time).toISOString()}>{formatAgo(time, locale)}</time>
                </Tooltip>
        );
}
