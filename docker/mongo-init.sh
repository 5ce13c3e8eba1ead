#!/bin/bash
# Make the three members one replica set. Repeated at every start; a set that is there is left as it is.
set -euo pipefail
mongosh --quiet --host mongo1 --eval '
  const members = ["mongo1", "mongo2", "mongo3"].map((name, i) => ({_id: i, host: `${name}:27017`}));
  try { rs.status().ok } catch (error) {
    if (error.codeName !== "NotYetInitialized") throw error;
    rs.initiate({_id: "rs0", members});
  }
  for (let i = 0; i < 60 && !db.hello().setName; i++) sleep(500);
'
until mongosh --quiet "mongodb://mongo1,mongo2,mongo3/?replicaSet=rs0" --eval 'db.runCommand({ping: 1}).ok' | grep -q 1; do sleep 1; done
echo "replica set rs0 is ready"
