// The rules of a gray release as the API has them, and as rows of a form. The one becomes the other without loss.

export interface Arm {
        version: number | null;
        weight: number | null;
}

type Operand = string | string[] | boolean;
export type Condition = string[] | Partial<Record<Operator, Operand>>;

export interface Rule {
        match?: Record<string, Condition>;
        split: Arm[];
}

export interface Step {
        weight: number | null;
        hold?: string;
}

export interface Plan {
        steps: Step[];
        rule?: number;
        abort_on?: { refused?: number; refused_percent?: number };
        promote?: boolean;
}

export const operators = ['in', 'not_in', 'prefix', 'semver', 'cidr', 'exists'] as const;
export type Operator = (typeof operators)[number];

/** One operator on one tag. Several rows of one tag are one condition, of which all must hold. */
export interface ConditionRow {
        tag: string;
        operator: Operator;
        values: string[];
}

export interface RuleForm {
        conditions: ConditionRow[];
        split: Arm[];
}

const valuesOf = (operand: Operand): string[] => (Array.isArray(operand) ? operand : [String(operand)]);

function rowsOf(tag: string, condition: Condition): ConditionRow[] {
        if (Array.isArray(condition)) return [{ tag, operator: 'in', values: condition }];
        return (Object.entries(condition) as [Operator, Operand][]).map(([operator, operand]) => ({
                tag,
                operator,
                values: valuesOf(operand),
        }));
}

export function toForm(rules: Rule[]): RuleForm[] {
        return rules.map(({ match = {}, split }) => ({
                conditions: Object.entries(match).flatMap(([tag, condition]) => rowsOf(tag, condition)),
                split,
        }));
}

function operandOf({ operator, values }: ConditionRow): Operand {
        if (operator === 'exists') return values[0] !== 'false';
        if (operator === 'semver') return values[0] ?? '';
        return operator === 'in' || operator === 'not_in' || values.length > 1 ? values : (values[0] ?? '');
}

function conditionOf(rows: ConditionRow[]): Condition {
        const [first] = rows;
        if (rows.length === 1 && first.operator === 'in') return first.values;
        return Object.fromEntries(rows.map((row) => [row.operator, operandOf(row)]));
}

export function toRules(form: RuleForm[]): Rule[] {
        return form.map(({ conditions, split }) => {
                const tags = [...new Set(conditions.map(({ tag }) => tag))];
                const match = Object.fromEntries(
                        tags.map((tag) => [tag, conditionOf(conditions.filter((row) => row.tag === tag))]),
                );
                return tags.length ? { match, split } : { split };
        });
}

/** The path by which the server names a row's fault: it knows tags and operators, not rows. */
export function pathOfCondition(rule: number, { tag }: ConditionRow) {
        return `rules[${rule}].match.${tag}`;
}

export const versionsOf = (rules: Rule[]) =>
        [...new Set(rules.flatMap(({ split }) => split.map(({ version }) => version)))].filter(
                (version) => version !== null,
        );

/** Whether nothing is left open that the server would only call empty. */
export const isComplete = (form: RuleForm[]) =>
        form.every(
                ({ conditions, split }) =>
                        conditions.every(
                                ({ tag, operator, values }) =>
                                        tag !== '' &&
                                        (operator === 'exists' || values.some((value) => value !== '')),
                        ) && split.every(({ version, weight }) => version !== null && weight !== null),
        );

/** Whether a rule has the same operator twice on one tag, which the API has no form for. */
export const isAmbiguous = (form: RuleForm[]) =>
        form.some(
                ({ conditions }) =>
                        new Set(conditions.map(({ tag, operator }) => `${operator} ${tag}`)).size <
                        conditions.length,
        );

/** A plan names its rule by the place, which changes when a rule goes. */
export function withoutRule(plan: Plan | null, removed: number): Plan | null {
        if (plan?.rule === undefined || plan.rule < removed) return plan;
        return { ...plan, rule: plan.rule === removed ? undefined : plan.rule - 1 };
}

/** A first rule for somebody who has none: the newest version for one in twenty. */
export const firstRules = (version: number): Rule[] => [{ split: [{ version, weight: 5 }] }];

export const firstPlan: Plan = {
        steps: [
                { weight: 1, hold: '10m' },
                { weight: 10, hold: '30m' },
                { weight: 100, hold: '1h' },
        ],
        abort_on: { refused: 1 },
        promote: true,
};
