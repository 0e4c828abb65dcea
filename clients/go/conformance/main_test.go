package main

import (
	"os"
	"testing"

	"annals.dev/go/internal/testserver"
)

const scenariosFolder = "../../../test/conformance/scenarios"

func TestTheScenariosHold(t *testing.T) {
	if _, err := os.Stat(scenariosFolder); os.IsNotExist(err) {
		t.Skip("no scenarios here")
	}
	server, err := testserver.Start("127.0.0.1:0", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Stop() }()
	if allOK, err := runAll(server.Address, scenariosFolder); !allOK || err != nil {
		t.Fatal("a scenario went wrong: see above", err)
	}
}
