#!/bin/sh
# Makes, in the directory $1: an authority (ca), a certificate of it for 127.0.0.1 (server), one for a client
# (client), and one for a client that signed itself (stranger).
set -e
cd "$1"
new='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
openssl req -x509 $new -days 30 -subj '/CN=Test authority' -keyout ca.key -out ca.pem
openssl req -x509 $new -days 30 -subj /CN=stranger -keyout stranger.key -out stranger.pem
echo 'subjectAltName=IP:127.0.0.1
extendedKeyUsage=serverAuth,clientAuth' > names
for name in server client; do
  openssl req $new -subj /CN=$name -keyout $name.key -out $name.csr
  openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile names -out $name.pem
done
