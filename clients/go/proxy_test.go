package annals_test

import (
	"encoding/binary"
	"io"
	"net"
	"sync/atomic"
	"testing"
)

// proxy is a way to a server on which an answer can be lost.
type proxy struct {
	address string
	losing  atomic.Bool
	cut     atomic.Bool
}

// loseNextAnswer lets what is sent next reach the server; its answer does not come back, the connection breaks.
func (p *proxy) loseNextAnswer() { p.losing.Store(true) }

// lost tells whether an answer was lost.
func (p *proxy) lost() bool { return p.cut.Load() }

func startProxy(t *testing.T, target string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	p := &proxy{address: listener.Addr().String()}
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", target)
			if err != nil {
				_ = near.Close()
				continue
			}
			go func() {
				_, _ = io.Copy(far, near)
				_ = far.Close()
			}()
			go p.answer(near, far)
		}
	}()
	return p
}

// answer passes HTTP/2 frames (RFC 9113, 4.1) back, up to the HEADERS frame that begins an answer to be lost.
func (p *proxy) answer(near, far net.Conn) {
	defer func() { _, _ = near.Close(), far.Close() }()
	const headers = 1
	for head := make([]byte, 9); ; {
		if _, err := io.ReadFull(far, head); err != nil {
			return
		}
		length := binary.BigEndian.Uint32(append([]byte{0}, head[:3]...))
		frame := make([]byte, length)
		if _, err := io.ReadFull(far, frame); err != nil {
			return
		}
		if head[3] == headers && p.losing.CompareAndSwap(true, false) {
			p.cut.Store(true)
			return
		}
		if _, err := near.Write(append(head[:9:9], frame...)); err != nil {
			return
		}
	}
}

// closedPort is an address on which nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	return listener.Addr().String()
}
