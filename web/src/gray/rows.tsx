// What the forms of rules and plans share: rows that come and go, and what the server said of them.
import { CloseOutlined, PlusOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import type { Detail } from '../api/types';

/** A list with one member changed, or taken away. */
export const withOne = <T,>(list: T[], at: number, one: T | null) =>
        one === null ? list.filter((_, i) => i !== at) : list.map((old, i) => (i === at ? one : old));

export function RemoveButton({ label, onClick }: { label: string; onClick: () => void }) {
        return <Button type="text" icon={<CloseOutlined />} aria-label={label} onClick={onClick} />;
}

export function AddButton({ text, onClick }: { text: string; onClick: () => void }) {
        return (
                <Button size="small" type="link" icon={<PlusOutlined />} onClick={onClick}>
                        {text}
                </Button>
        );
}

export function FaultList({ faults }: { faults: Detail[] }) {
        return faults.map(({ field, problem }) => (
                <div key={field + problem} className="danger" role="alert">
                        {field}: {problem}
                </div>
        ));
}
