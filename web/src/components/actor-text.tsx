// Who did something: people by their name, programs with what kind they are.
export const actorName = (actor: string | null) => actor?.replace(/^user:/, '') ?? '–';

export function ActorText({ actor }: { actor: string | null }) {
        return <span title={actor ?? undefined}>{actorName(actor)}</span>;
}
