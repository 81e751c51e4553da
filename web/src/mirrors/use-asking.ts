// Asking a mirror for something, with a message that says what came of it.
import { App } from 'antd';
import { errorLine } from '../components/error-alert';
import { useTexts } from '../i18n';

/** @onAnswer: also after a refusal, which may mean that what is shown is not so any more */
export function useAsking(onAnswer: () => void) {
        const t = useTexts();
        const { message } = App.useApp();

        return <T>(answer: Promise<T>, textOf: (data: T) => string) =>
                answer
                        .then(
                                (data) => void message.success(textOf(data)),
                                (problem) => void message.error(errorLine(problem, t)),
                        )
                        .finally(onAnswer);
}
