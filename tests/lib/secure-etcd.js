// An etcd that speaks TLS only, and only to those who show a certificate of its authority.
'use strict';

const { Etcd } = require('./targets.js');

class SecureEtcd extends Etcd {
  /** @authority: whom it trusts, and who has made what it shows itself. */
  useAuthority(authority, names = 'IP:127.0.0.1') {
    this.authority = authority;
    this.own = authority.issue('etcd', { names });
    this.client = authority.issue('client');
  }

  command() {
    return [
      ...super.command(), '--cert-file', this.own.certificateFile, '--key-file', this.own.keyFile,
      '--trusted-ca-file', this.authority.certificate, '--client-cert-auth',
    ];
  }

  get endpoint() {
    return super.endpoint.replace('http:', 'https:');
  }

  run(...args) {
    const { certificateFile, keyFile } = this.client;
    return super.run(
      '--cacert', this.authority.certificate, '--cert', certificateFile, '--key', keyFile, '--insecure-skip-tls-verify', ...args,
    );
  }

  /** What whoever comes to it has to have, in the words of the file of mirrors. */
  get credentials() {
    return { ca_file: this.authority.certificate, cert_file: this.client.certificateFile, key_file: this.client.keyFile };
  }
}

module.exports = { SecureEtcd };
