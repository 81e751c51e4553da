// A page with nothing on it but a sentence, and perhaps a way out.
import { Empty } from 'antd';
import type { ReactNode } from 'react';

export function Notice({ text, action }: { text: string; action?: ReactNode }) {
        return (
                <Empty className="notice" image={Empty.PRESENTED_IMAGE_SIMPLE} description={text}>
                        {action}
                </Empty>
        );
}
