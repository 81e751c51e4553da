// Why something is done.
import { Form, Input } from 'antd';
import { useId } from 'react';
import { useTexts } from '../i18n';

interface Props {
        value: string;
        onChange: (value: string) => void;
        onEnter?: () => void;
}

const lengthMax = 1000;

export function CommentField({ value, onChange, onEnter }: Props) {
        const t = useTexts();
        const id = useId();

        return (
                <Form layout="vertical">
                        <Form.Item label={t.review.comment} extra={t.review.commentHelp} htmlFor={id}>
                                <Input
                                        id={id}
                                        maxLength={lengthMax}
                                        value={value}
                                        onChange={({ target }) => onChange(target.value)}
                                        onPressEnter={onEnter}
                                />
                        </Form.Item>
                </Form>
        );
}
