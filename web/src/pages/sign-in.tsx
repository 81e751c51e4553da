// The way in. The page holds no password longer than the request takes.
import { Button, Card, Form, Input } from 'antd';
import { useState, type ReactNode } from 'react';
import { ErrorAlert } from '../components/error-alert';
import { useTexts } from '../i18n';
import iconUrl from '../icon.svg';
import { useSession } from '../session';

export function SignIn({ hint }: { hint?: string }) {
        const t = useTexts();
        const { signIn, asker } = useSession();
        const [form] = Form.useForm();
        const [error, setError] = useState<unknown>(null);
        const [isBusy, setBusy] = useState(false);

        async function submit({ username, password }: { username: string; password: string }) {
                setBusy(true);
                setError(null);
                try {
                        await signIn(username, password);
                        form.resetFields(['password']);
                } catch (problem) {
                        setError(problem);
                } finally {
                        setBusy(false);
                }
        }

        return (
                <Form
                        form={form}
                        layout="vertical"
                        requiredMark={false}
                        onFinish={submit}
                        initialValues={{ username: asker?.username ?? 'admin' }}
                >
                        {hint && <p>{hint}</p>}
                        <Form.Item
                                name="username"
                                label={t.signIn.username}
                                rules={[{ required: true, message: t.signIn.needed }]}
                        >
                                <Input autoComplete="username" autoCapitalize="none" spellCheck={false} />
                        </Form.Item>
                        <Form.Item
                                name="password"
                                label={t.signIn.password}
                                rules={[{ required: true, message: t.signIn.needed }]}
                        >
                                <Input.Password autoComplete="current-password" autoFocus />
                        </Form.Item>
                        <ErrorAlert error={error} style={{ marginBottom: 16 }} />
                        <Button type="primary" htmlType="submit" block loading={isBusy}>
                                {t.signIn.submit}
                        </Button>
                </Form>
        );
}

export function SignInPage({ preferences }: { preferences: ReactNode }) {
        const t = useTexts();

        return (
                <main className="sign-in">
                        <div className="sign-in-preferences">{preferences}</div>
                        <Card className="sign-in-card">
                                <h1>
                                        <img src={iconUrl} alt="" width={28} height={28} /> {t.signIn.title}
                                </h1>
                                <SignIn />
                                <p className="sign-in-hint secondary">{t.signIn.hint}</p>
                        </Card>
                </main>
        );
}
