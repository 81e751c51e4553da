// What an ingest would not take of its etcd.
import { dropQuarantined, listQuarantine, retryQuarantined, type Quarantined } from '../api/ingests';
import { useTexts } from '../i18n';
import { configHref } from '../router';
import { AsidePage } from './aside';

const configOf = ({ namespace, key }: Quarantined) => (namespace && key ? { namespace, key } : null);

export function Quarantine({ ingest }: { ingest: string }) {
        const t = useTexts();

        return (
                <AsidePage<Quarantined>
                        name={ingest}
                        kind={{
                                words: t.aside.quarantine,
                                list: (query, signal) => listQuarantine(ingest, query, signal),
                                retry: (item) => retryQuarantined(ingest, item?.etcd_key),
                                drop: (item) => dropQuarantined(ingest, item?.etcd_key),
                                nameOf: (item) => item.etcd_key,
                                hrefOf: (item) => {
                                        const config = configOf(item);
                                        return config && configHref(config);
                                },
                                revisionOf: (item) => item.mod_revision,
                                facts: (item) => {
                                        const config = configOf(item);
                                        return config
                                                ? [[t.aside.config, `${config.namespace} / ${config.key}`]]
                                                : [];
                                },
                        }}
                />
        );
}
