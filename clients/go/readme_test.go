package annals_test

import (
	"os"
	"strings"
	"testing"
)

func TestTheQuickStartIsTheExampleThatRuns(t *testing.T) {
	_, example, _ := strings.Cut(fileText(t, "example_test.go"), "func Example() {\n")
	example, _, found := strings.Cut(example, "\t// Output:")
	example = strings.ReplaceAll("\n"+example, "\n\t", "\n")
	example = strings.ReplaceAll(example, "serverAddress", `"127.0.0.1:50051"`)
	if !found || !strings.Contains(fileText(t, "README.md"), "```go"+example+"```") {
		t.Fatalf("README.md does not hold:\n%s", example)
	}
}

func fileText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
