// One rule as a form: whom it is for, and which versions they get.
import { Button, Card, Input, InputNumber, Select, Space } from 'antd';
import type { ReactNode } from 'react';
import type { Detail } from '../api/types';
import { useTexts } from '../i18n';
import { AddButton, FaultList, RemoveButton, withOne } from './rows';
import { operators, pathOfCondition, type Arm, type ConditionRow, type RuleForm } from './rules';
import { ShareBar } from './share-bar';

interface Props {
        index: number;
        rule: RuleForm;
        stable: number;
        versions: { value: number; label: ReactNode }[];
        /** What the server said of the rules, by path. */
        faults: Detail[];
        onChange: (rule: RuleForm) => void;
        onRemove?: () => void;
}

interface ConditionProps {
        row: ConditionRow;
        isFaulty: boolean;
        onChange: (row: ConditionRow | null) => void;
}

function ConditionEditor({ row, isFaulty, onChange }: ConditionProps) {
        const t = useTexts();
        const status = isFaulty ? 'error' : undefined;
        const { operator, values } = row;

        function operand() {
                if (operator === 'exists')
                        return (
                                <Select
                                        aria-label={t.gray.value}
                                        className="gray-values"
                                        value={values[0] === 'false' ? 'false' : 'true'}
                                        onChange={(value) => onChange({ ...row, values: [value] })}
                                        options={[
                                                { value: 'true', label: t.gray.isThere },
                                                { value: 'false', label: t.gray.isNotThere },
                                        ]}
                                />
                        );
                if (operator === 'semver')
                        return (
                                <Input
                                        aria-label={t.gray.value}
                                        className="gray-values"
                                        status={status}
                                        placeholder=">=2.1.0 <3.0.0"
                                        value={values[0] ?? ''}
                                        onChange={({ target }) =>
                                                onChange({ ...row, values: [target.value] })
                                        }
                                />
                        );
                return (
                        <Select
                                mode="tags"
                                aria-label={t.gray.value}
                                className="gray-values"
                                status={status}
                                open={false}
                                suffixIcon={null}
                                tokenSeparators={[',', ' ']}
                                placeholder={operator === 'cidr' ? '10.0.0.0/8' : t.gray.valuesHint}
                                value={values}
                                onChange={(next) => onChange({ ...row, values: next })}
                        />
                );
        }

        return (
                <div className="gray-row">
                        <Input
                                aria-label={t.gray.tag}
                                className="gray-tag"
                                status={status}
                                placeholder={t.gray.tag}
                                spellCheck={false}
                                value={row.tag}
                                onChange={({ target }) => onChange({ ...row, tag: target.value })}
                        />
                        <Select
                                aria-label={t.gray.operator}
                                className="gray-operator"
                                value={operator}
                                onChange={(next) =>
                                        onChange({
                                                ...row,
                                                operator: next,
                                                values: next === 'exists' ? ['true'] : [],
                                        })
                                }
                                options={operators.map((value) => ({
                                        value,
                                        label: t.gray.operators[value],
                                }))}
                        />
                        {operand()}
                        <RemoveButton label={t.gray.removeCondition} onClick={() => onChange(null)} />
                </div>
        );
}

interface ArmProps {
        arm: Arm;
        versions: Props['versions'];
        faultyMembers: string[];
        onChange: (arm: Arm | null) => void;
        isOnly: boolean;
}

function ArmEditor({ arm, versions, faultyMembers, onChange, isOnly }: ArmProps) {
        const t = useTexts();
        const status = (member: string) => (faultyMembers.includes(member) ? 'error' : undefined);

        return (
                <div className="gray-row">
                        <Select
                                showSearch
                                optionFilterProp="value"
                                aria-label={t.gray.version}
                                className="gray-version"
                                status={status('version')}
                                value={arm.version}
                                onChange={(version) => onChange({ ...arm, version })}
                                options={versions}
                                popupMatchSelectWidth={false}
                        />
                        <InputNumber
                                aria-label={t.gray.weight}
                                className="gray-weight"
                                status={status('weight')}
                                min={0}
                                max={100}
                                step={1}
                                addonAfter="%"
                                value={arm.weight}
                                onChange={(weight) => onChange({ ...arm, weight })}
                        />
                        {!isOnly && <RemoveButton label={t.gray.removeArm} onClick={() => onChange(null)} />}
                </div>
        );
}

export function RuleEditor({ index, rule, stable, versions, faults, onChange, onRemove }: Props) {
        const t = useTexts();
        const here = faults.filter(({ field }) => field.startsWith(`rules[${index}]`));
        const membersAt = (arm: number) =>
                here.map(({ field }) => field.split(`rules[${index}].split[${arm}].`)[1] ?? '');

        return (
                <Card
                        size="small"
                        className="gray-rule"
                        title={t.gray.rule(index + 1)}
                        extra={
                                onRemove && (
                                        <Button size="small" type="text" onClick={onRemove}>
                                                {t.gray.removeRule}
                                        </Button>
                                )
                        }
                >
                        <div className="gray-label">
                                {rule.conditions.length ? t.gray.forThose : t.gray.forAll}
                        </div>
                        {rule.conditions.map((row, i) => (
                                <ConditionEditor
                                        key={i}
                                        row={row}
                                        isFaulty={here.some(({ field }) =>
                                                field.startsWith(pathOfCondition(index, row)),
                                        )}
                                        onChange={(next) =>
                                                onChange({
                                                        ...rule,
                                                        conditions: withOne(rule.conditions, i, next),
                                                })
                                        }
                                />
                        ))}
                        <AddButton
                                text={t.gray.addCondition}
                                onClick={() =>
                                        onChange({
                                                ...rule,
                                                conditions: [
                                                        ...rule.conditions,
                                                        { tag: '', operator: 'in', values: [] },
                                                ],
                                        })
                                }
                        />
                        <div className="gray-label">{t.gray.theyGet}</div>
                        {rule.split.map((arm, i) => (
                                <ArmEditor
                                        key={i}
                                        arm={arm}
                                        versions={versions}
                                        faultyMembers={membersAt(i)}
                                        isOnly={rule.split.length === 1}
                                        onChange={(next) =>
                                                onChange({ ...rule, split: withOne(rule.split, i, next) })
                                        }
                                />
                        ))}
                        <Space wrap>
                                <AddButton
                                        text={t.gray.addArm}
                                        onClick={() =>
                                                onChange({
                                                        ...rule,
                                                        split: [...rule.split, { version: null, weight: 0 }],
                                                })
                                        }
                                />
                                <ShareBar split={rule.split} stable={stable} />
                        </Space>
                        <FaultList faults={here} />
                </Card>
        );
}
