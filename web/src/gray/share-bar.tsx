// What share of the matched units each arm of a split gets; the rest gets the version in force.
import { useTexts } from '../i18n';
import type { Arm } from './rules';

const nColors = 4;

export function ShareBar({ split, stable }: { split: Arm[]; stable: number }) {
        const t = useTexts();
        const sum = split.reduce((all, { weight }) => all + (weight ?? 0), 0);
        const rest = Math.max(0, Math.round((100 - sum) * 1000) / 1000);
        const text = [
                ...split.map(({ version, weight }) => `v${version ?? '?'} ${weight ?? 0} %`),
                t.gray.rest(stable, rest),
        ].join(' · ');

        return (
                <span className="share">
                        <span className="bar share-bar" role="img" aria-label={text}>
                                {split.map(({ weight }, i) => (
                                        <span
                                                key={i}
                                                className={`bar-part share-${i % nColors}`}
                                                style={{ width: `${weight ?? 0}%` }}
                                        />
                                ))}
                        </span>
                        <span className={sum > 100 ? 'danger' : 'secondary'}>{text}</span>
                </span>
        );
}
