// A small certificate authority, made with the program openssl for the tests of one file.
'use strict';

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { temporaryDirectory } = require('./conferd.js');

/** Why a test that needs the program is skipped; false when it is not. */
const skip = spawnSync('openssl', ['version']).error ? 'the program openssl is not installed' : false;

const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });

class Authority {
  constructor(name = 'Test authority') {
    this.directory = temporaryDirectory();
    this.certificate = path.join(this.directory, 'ca.pem');
    this.key = path.join(this.directory, 'ca.key');
    openssl(
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30',
      '-subj', `/CN=${name}`, '-keyout', this.key, '-out', this.certificate,
    );
  }

  /**
   * issue() - a certificate for @name, as `{certificateFile, keyFile, cert, key}`
   * @names: what it is good for, as openssl writes it: "DNS:localhost,IP:127.0.0.1"
   * @days: may be negative, for one that is over
   */
  issue(name, { names, days = 30 } = {}) {
    const file = (ending) => path.join(this.directory, `${name}.${ending}`);
    openssl(
      'req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`,
      '-keyout', file('key'), '-out', file('csr'),
    );
    fs.writeFileSync(file('ext'), names ? `subjectAltName=${names}\n` : 'basicConstraints=CA:FALSE\n');
    openssl(
      'x509', '-req', '-in', file('csr'), '-CA', this.certificate, '-CAkey', this.key, '-CAcreateserial',
      '-days', `${days}`, '-extfile', file('ext'), '-out', file('pem'),
    );
    return {
      certificateFile: file('pem'),
      keyFile: file('key'),
      cert: fs.readFileSync(file('pem')),
      key: fs.readFileSync(file('key')),
    };
  }
}

module.exports = { Authority, skip };
