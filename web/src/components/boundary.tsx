// What is shown in the place of a page that cannot be drawn: most likely its script went with the server's last
// upgrade, and the page that is open is older than that.
import { Button } from 'antd';
import { Component, type ReactNode } from 'react';
import { useTexts } from '../i18n';
import { Notice } from './notice';

function Broken() {
        const t = useTexts();
        const reload = <Button onClick={() => window.location.reload()}>{t.app.reload}</Button>;

        return <Notice text={t.app.broken} action={reload} />;
}

export class Boundary extends Component<{ children: ReactNode }, { isBroken: boolean }> {
        state = { isBroken: false };

        static getDerivedStateFromError() {
                return { isBroken: true };
        }

        render() {
                return this.state.isBroken ? <Broken /> : this.props.children;
        }
}
