// A plan as a form: the steps by which a weight is raised, and what stops it.
import { Card, Checkbox, Input, InputNumber, Select, Switch } from 'antd';
import type { Detail } from '../api/types';
import { useTexts } from '../i18n';
import { AddButton, FaultList, RemoveButton, withOne } from './rows';
import { firstPlan, type Plan, type Step } from './rules';

interface Props {
        plan: Plan | null;
        nRules: number;
        faults: Detail[];
        onChange: (plan: Plan | null) => void;
}

export function PlanEditor({ plan, nRules, faults, onChange }: Props) {
        const t = useTexts();
        const here = faults.filter(({ field }) => field.startsWith('plan'));
        const status = (path: string) => (here.some(({ field }) => field === path) ? 'error' : undefined);

        const step = (i: number, next: Step | null) =>
                onChange({ ...plan!, steps: withOne(plan!.steps, i, next) });

        function abortOn(name: 'refused' | 'refused_percent', value: number | null) {
                const next = { ...plan!.abort_on, [name]: value ?? undefined };
                onChange({
                        ...plan!,
                        abort_on:
                                next.refused === undefined && next.refused_percent === undefined
                                        ? undefined
                                        : next,
                });
        }

        const toggle = (
                <Switch
                        size="small"
                        aria-label={t.gray.ramp}
                        checked={plan !== null}
                        onChange={(isOn) => onChange(isOn ? firstPlan : null)}
                />
        );
        return (
                <Card size="small" className="gray-rule" title={t.gray.ramp} extra={toggle}>
                        {!plan && <span className="secondary">{t.gray.rampHint}</span>}
                        {plan && (
                                <>
                                        {nRules > 1 && (
                                                <div className="gray-row">
                                                        <Select
                                                                aria-label={t.gray.rampRule}
                                                                value={plan.rule}
                                                                placeholder={t.gray.rampRule}
                                                                onChange={(rule) =>
                                                                        onChange({ ...plan, rule })
                                                                }
                                                                options={Array.from(
                                                                        { length: nRules },
                                                                        (_, value) => ({
                                                                                value,
                                                                                label: t.gray.rule(value + 1),
                                                                        }),
                                                                )}
                                                                className="gray-version"
                                                        />
                                                </div>
                                        )}
                                        {plan.steps.map((one, i) => (
                                                <div key={i} className="gray-row">
                                                        <InputNumber
                                                                aria-label={t.gray.weight}
                                                                className="gray-weight"
                                                                min={0}
                                                                max={100}
                                                                addonAfter="%"
                                                                value={one.weight}
                                                                status={status(`plan.steps[${i}].weight`)}
                                                                onChange={(weight) =>
                                                                        step(i, { ...one, weight })
                                                                }
                                                        />
                                                        <span>{t.gray.hold}</span>
                                                        <Input
                                                                aria-label={t.gray.hold}
                                                                className="gray-hold"
                                                                placeholder="10m"
                                                                value={one.hold ?? ''}
                                                                status={status(`plan.steps[${i}].hold`)}
                                                                onChange={({ target }) =>
                                                                        step(i, {
                                                                                ...one,
                                                                                hold:
                                                                                        target.value ||
                                                                                        undefined,
                                                                        })
                                                                }
                                                        />
                                                        {plan.steps.length > 1 && (
                                                                <RemoveButton
                                                                        label={t.gray.removeStep}
                                                                        onClick={() => step(i, null)}
                                                                />
                                                        )}
                                                </div>
                                        ))}
                                        <AddButton
                                                text={t.gray.addStep}
                                                onClick={() =>
                                                        onChange({
                                                                ...plan,
                                                                steps: [
                                                                        ...plan.steps,
                                                                        { weight: 100, hold: undefined },
                                                                ],
                                                        })
                                                }
                                        />
                                        <div className="gray-row">
                                                <span>{t.gray.abortAt}</span>
                                                <InputNumber
                                                        aria-label={t.gray.abortCount}
                                                        className="gray-weight"
                                                        min={1}
                                                        precision={0}
                                                        value={plan.abort_on?.refused}
                                                        status={status('plan.abort_on.refused')}
                                                        onChange={(value) => abortOn('refused', value)}
                                                />
                                                <span>{t.gray.abortOr}</span>
                                                <InputNumber
                                                        aria-label={t.gray.abortPercent}
                                                        className="gray-weight"
                                                        min={0.001}
                                                        max={100}
                                                        addonAfter="%"
                                                        value={plan.abort_on?.refused_percent}
                                                        status={status('plan.abort_on.refused_percent')}
                                                        onChange={(value) =>
                                                                abortOn('refused_percent', value)
                                                        }
                                                />
                                                <span>{t.gray.abortRefuse}</span>
                                        </div>
                                        <Checkbox
                                                checked={Boolean(plan.promote)}
                                                onChange={({ target }) =>
                                                        onChange({ ...plan, promote: target.checked })
                                                }
                                        >
                                                {t.gray.promoteAtEnd}
                                        </Checkbox>
                                </>
                        )}
                        <FaultList faults={here} />
                </Card>
        );
}
