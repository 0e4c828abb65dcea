// Command conformance makes the calls of the repository's test/conformance/scenarios with this client's generated
// code: `go run ./conformance host:port scenarios-folder`. It prints a line of JSON for each scenario and exits with
// 1 when one went wrong.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// maxMessageBytes is more than any answer has.
const maxMessageBytes = 16 << 20

type outcome struct {
	Name  string `json:"name"`
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: conformance host:port scenarios-folder")
		os.Exit(2)
	}
	allOK, err := runAll(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if !allOK {
		os.Exit(1)
	}
}

func runAll(address, folder string) (bool, error) {
	conn, err := grpc.NewClient(
		"passthrough:///"+address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessageBytes)),
	)
	if err != nil {
		return false, err
	}
	defer func() { _ = conn.Close() }()
	scenarios, err := readScenarios(folder)
	if err != nil {
		return false, err
	}
	allOK := true
	for _, scenario := range scenarios {
		result := outcome{Name: scenario.Name, OK: true}
		if err := runScenario(conn, scenario); err != nil {
			result.OK, result.Error, allOK = false, err.Error(), false
		}
		if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
			return false, err
		}
	}
	return allOK, nil
}

func readScenarios(folder string) ([]scenario, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, err
	}
	var all []scenario
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var some []scenario
		if err := json.Unmarshal(text, &some); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, some...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no scenarios", folder)
	}
	return all, nil
}
