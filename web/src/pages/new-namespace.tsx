// Makes a namespace.
import { Form, Input, Modal } from 'antd';
import { useState } from 'react';
import { createNamespace } from '../api/client';
import { ErrorAlert } from '../components/error-alert';
import { useTexts } from '../i18n';
import { browseHref, go } from '../router';

const segment = '[a-z0-9][a-z0-9_-]{0,62}';
const namePattern = new RegExp(`^${segment}(\\.${segment}){0,3}$`);

export function NewNamespace({
        isOpen,
        onClose,
        onCreated,
}: {
        isOpen: boolean;
        onClose: () => void;
        onCreated: () => void;
}) {
        const t = useTexts();
        const [form] = Form.useForm();
        const [error, setError] = useState<unknown>(null);
        const [isBusy, setBusy] = useState(false);

        async function submit({ name, description }: { name: string; description?: string }) {
                setBusy(true);
                setError(null);
                try {
                        await createNamespace(name, description ?? '');
                        onCreated();
                        onClose();
                        go(browseHref(name));
                } catch (problem) {
                        setError(problem);
                } finally {
                        setBusy(false);
                }
        }

        return (
                <Modal
                        open={isOpen}
                        title={t.browse.newNamespace}
                        okText={t.browse.create}
                        okButtonProps={{ htmlType: 'submit', form: 'new-namespace', loading: isBusy }}
                        onCancel={onClose}
                        destroyOnHidden
                >
                        <Form
                                id="new-namespace"
                                form={form}
                                layout="vertical"
                                requiredMark={false}
                                onFinish={submit}
                                preserve={false}
                        >
                                <Form.Item
                                        name="name"
                                        label={t.browse.namespaceName}
                                        extra={t.browse.namespaceNameHelp}
                                        rules={[
                                                { required: true, message: t.signIn.needed },
                                                { pattern: namePattern, message: t.audit.invalidName },
                                        ]}
                                >
                                        <Input autoFocus spellCheck={false} autoCapitalize="none" />
                                </Form.Item>
                                <Form.Item name="description" label={t.browse.description}>
                                        <Input maxLength={1000} />
                                </Form.Item>
                                <ErrorAlert error={error} />
                        </Form>
                </Modal>
        );
}
