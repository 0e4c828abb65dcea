package annals

import (
	"context"
	"crypto/tls"
	"errors"
	"time"

	"google.golang.org/grpc"
	grpcbackoff "google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	annalsv1 "annals.dev/go/gen/annals/v1"
)

const (
	defaultTimeout = 30 * time.Second
	// A page has up to about 2 MiB of events; the rest is room for what a later server may say beside them.
	maxMessageBytes = 16 << 20
)

// Options say who calls, and how. One of Token, TokenSource and Tenant must be set.
type Options struct {
	// Token is sent as a bearer token with each call. Default: none.
	Token string
	// TokenSource is asked for a token for each call, instead of Token. Default: none.
	TokenSource TokenSource
	// Tenant is a UUID. Without a token, a server in development mode acts for it, and for all tenants where it is
	// "*"; with a token that is for several tenants, it picks one. Default: none.
	Tenant string
	// TLS is used for TLS connections, for example with a private authority or a client's certificate; setting it
	// asks for TLS on loopback too. Default: the system's authorities.
	TLS *tls.Config
	// AllowPlaintext lets a token go in the clear to another machine. Default: false.
	AllowPlaintext bool
	// Timeout bounds each unary call, and each Append with all that it retries, where the context has no deadline
	// of its own. Default: 30 seconds.
	Timeout time.Duration
}

// Client calls one server over one connection. It is safe for concurrent use.
type Client struct {
	conn    *grpc.ClientConn
	store   annalsv1.EventStoreClient
	timeout time.Duration
	// closed is done, by setClosed, once the connection is closed.
	closed    context.Context
	setClosed context.CancelFunc
}

// Connect makes a client. The address is "host:port", which means TLS, or plaintext where the host is this machine;
// "http://" or "https://" before it says which. It sends nothing: the connection is opened by the first call, and
// again when it was lost. It fails when the options contradict each other or a token would go in the clear.
func Connect(address string, options Options) (*Client, error) {
	to, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	if to.tls, err = options.usesTLS(to); err != nil {
		return nil, err
	}
	transport := insecure.NewCredentials()
	if to.tls {
		transport = credentials.NewTLS(options.TLS)
	}
	identity := identity{options.TokenSource, options.Tenant}
	if options.Token != "" {
		identity.token = constantToken(options.Token)
	}
	conn, err := grpc.NewClient(
		"passthrough:///"+to.hostPort,
		grpc.WithTransportCredentials(transport),
		grpc.WithChainUnaryInterceptor(checkRequest, identity.unary),
		grpc.WithStreamInterceptor(identity.stream),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessageBytes)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 15 * time.Second}),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           grpcbackoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 5 * time.Second},
			MinConnectTimeout: 5 * time.Second,
		}),
	)
	if err != nil {
		return nil, err
	}
	timeout := options.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	closed, setClosed := context.WithCancel(context.Background())
	return &Client{conn, annalsv1.NewEventStoreClient(conn), timeout, closed, setClosed}, nil
}

// Conn is the connection with the client's credentials, for the generated clients of other services in
// annals.dev/go/gen/annals/v1, such as Snapshots and Tenants. [FromRPC] makes typed errors of theirs.
func (c *Client) Conn() grpc.ClientConnInterface { return c.conn }

// Close ends every call and lets go of the connection.
func (c *Client) Close() error {
	defer c.setClosed()
	return c.conn.Close()
}

func (o Options) usesTLS(to target) (bool, error) {
	secret := o.Token != "" || o.TokenSource != nil
	switch {
	case o.Token != "" && o.TokenSource != nil:
		return false, errors.New("annals: Token and TokenSource exclude each other")
	case !secret && o.Tenant == "" && o.TLS == nil:
		return false, errors.New("annals: Connect needs a token, a client's certificate, or a tenant in development mode")
	case to.tls || o.TLS != nil && !to.explicit:
		return true, nil
	case o.TLS != nil:
		return false, errors.New("annals: TLS is set for an http:// address")
	case secret && !to.loopback && !o.AllowPlaintext:
		return false, errors.New("annals: a token would go in the clear: use https, or set AllowPlaintext")
	default:
		return false, nil
	}
}
