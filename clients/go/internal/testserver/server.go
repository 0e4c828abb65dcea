// Package testserver starts real servers for tests: `npx tsc -b` at the repository's root comes first.
package testserver

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
)

// Server is a server in a process of its own, in development mode on loopback.
type Server struct {
	// Address is where it serves gRPC, host:port.
	Address string

	process *exec.Cmd
	exited  chan error
}

// Start starts a server and waits until it listens. The address may be "127.0.0.1:0" for any port. The store is the
// one that ANNALS_TEST_STORE names, brought to the newest schema, otherwise an SQLite file in the folder. Flags come last and win.
func Start(address, folder string, flags ...string) (*Server, error) {
	store := os.Getenv("ANNALS_TEST_STORE")
	if store == "" {
		store = "sqlite:" + filepath.Join(folder, "annals.db")
	}
	arguments := []string{"server/dist/main.js", "serve", "--http-address", "off", "--migrate", "true"}
	arguments = append(arguments, "--grpc-address", address, "--store", store)
	process := exec.Command("node", append(arguments, flags...)...)
	process.Dir = root()
	process.Stderr = os.Stderr
	output, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, err
	}
	server := &Server{process: process, exited: make(chan error, 1)}
	listening := make(chan string, 1)
	go func() {
		defer close(listening)
		for lines := bufio.NewScanner(output); lines.Scan(); {
			var entry struct{ Msg, GrpcAddress string }
			if json.Unmarshal(lines.Bytes(), &entry) == nil && entry.Msg == "listening" {
				listening <- entry.GrpcAddress
			}
		}
		server.exited <- process.Wait()
	}()
	if server.Address = <-listening; server.Address == "" {
		return nil, fmt.Errorf("the server did not start: %w", <-server.exited)
	}
	return server, nil
}

// Stop lets the server finish what it does, and waits for its end.
func (s *Server) Stop() error { return s.end(syscall.SIGTERM) }

// Kill ends the server at once, as a crash does.
func (s *Server) Kill() error { return s.end(syscall.SIGKILL) }

func (s *Server) end(signal os.Signal) error {
	if err := s.process.Process.Signal(signal); err != nil {
		return err
	}
	<-s.exited
	return nil
}

// root is the repository's, found from this file.
func root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "../../../..")
}
