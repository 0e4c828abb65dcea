package annals_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	annals "annals.dev/go"
	"annals.dev/go/internal/testserver"
)

func TestATokenFromItsSourceGoesOverTLS(t *testing.T) {
	folder := t.TempDir()
	authority, flags := certificate(t, folder)
	key, keys := apiKey(t, folder)
	flags = append(flags, "--auth", "api-key", "--auth-api-keys-file", keys)
	server, err := testserver.Start("127.0.0.1:0", folder, flags...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Stop() }()
	asked := 0
	client, err := annals.Connect(server.Address, annals.Options{
		TLS: &tls.Config{RootCAs: authority},
		TokenSource: func(context.Context) (string, error) {
			if asked++; asked == 1 {
				return "annals_no_such", nil
			}
			return key, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if _, err := client.GetHead(context.Background(), annals.TenantLog); reasonOf(err) != annals.Unauthenticated {
		t.Fatalf("got %v", err)
	}
	if _, err := client.GetHead(context.Background(), annals.TenantLog); err != nil {
		t.Fatal(err)
	}
}

func TestAFailingTokenSourceFailsTheCall(t *testing.T) {
	broken := errors.New("no token today")
	client, err := annals.Connect(serverAddress, annals.Options{
		TokenSource: func(context.Context) (string, error) { return "", broken },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	_, err = client.Append(context.Background(), order("1"), annals.ExpectAny(), placed())
	if reasonOf(err) != annals.Unauthenticated || !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
}

func TestWhatCannotBeMeantIsRefusedBeforeAnythingIsSent(t *testing.T) {
	source := func(context.Context) (string, error) { return "t", nil }
	for address, options := range map[string]annals.Options{
		"127.0.0.1:1":           {},
		"127.0.0.1:2":           {Token: "t", TokenSource: source},
		"http://annals.test:1":  {Token: "t"},
		"http://127.0.0.1:1":    {Token: "t", TLS: &tls.Config{}},
		"annals.test":           {Tenant: "t"},
		"ftp://annals.test:1":   {Tenant: "t"},
		"https://u:p@annals:1":  {Tenant: "t"},
		"https://annals:1/path": {Tenant: "t"},
	} {
		if _, err := annals.Connect(address, options); err == nil {
			t.Errorf("%s with %+v was taken", address, options)
		}
	}
}

// certificate makes a certificate for loopback that is its own authority, and the flags that serve it.
func certificate(t *testing.T, folder string) (*x509.CertPool, []string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	certFile := writeFile(t, folder, "server.crt", certPEM)
	keyFile := writeFile(t, folder, "server.key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	return pool, []string{"--tls-cert-file", certFile, "--tls-key-file", keyFile}
}

// apiKey makes an API key, and the file with its entry.
func apiKey(t *testing.T, folder string) (key, file string) {
	t.Helper()
	command := exec.Command("node", "../../server/dist/main.js", "make-api-key",
		"--subject", "test", "--tenant", newTenant(), "--scope", "events:read")
	var told bytes.Buffer
	command.Stderr = &told
	entry, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := json.Marshal(map[string][]json.RawMessage{"keys": {entry}})
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`annals_[\w-]+`).FindString(told.String()), writeFile(t, folder, "keys.json", keys)
}

func writeFile(t *testing.T, folder, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
