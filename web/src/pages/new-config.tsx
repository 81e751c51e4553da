// Asks for the key of a config that is to be made; the editor does the rest.
import { Form, Input, Modal } from 'antd';
import { useTexts } from '../i18n';
import { configHref, go } from '../router';

const keyPattern = /^[A-Za-z0-9_@:+-][A-Za-z0-9._@:+-]{0,254}$/;

export function NewConfig({
        isOpen,
        namespace,
        onClose,
}: {
        isOpen: boolean;
        namespace: string;
        onClose: () => void;
}) {
        const t = useTexts();

        return (
                <Modal
                        open={isOpen}
                        title={t.browse.newConfig}
                        okText={t.browse.create}
                        okButtonProps={{ htmlType: 'submit', form: 'new-config' }}
                        onCancel={onClose}
                        destroyOnHidden
                >
                        <Form
                                id="new-config"
                                layout="vertical"
                                requiredMark={false}
                                onFinish={({ key }) => go(configHref({ namespace, key }, 'edit'))}
                        >
                                <Form.Item
                                        name="key"
                                        label={t.browse.keyLabel}
                                        extra={t.browse.keyHelp}
                                        rules={[
                                                { required: true, message: t.signIn.needed },
                                                { pattern: keyPattern, message: t.audit.invalidName },
                                        ]}
                                >
                                        <Input autoFocus spellCheck={false} autoCapitalize="none" />
                                </Form.Item>
                        </Form>
                </Modal>
        );
}
