package annals

import (
	"errors"
	"net"
	"strconv"
	"strings"
)

// target is where a client dials, and whether over TLS.
type target struct {
	hostPort string
	tls      bool
	loopback bool
	// explicit is true where the address says its scheme.
	explicit bool
}

// parseAddress takes "host:port", "http://host:port" or "https://host:port". Without a scheme it is TLS, or
// plaintext where the host is this machine. What is wrong is told without the address: there may be a password in
// it.
func parseAddress(address string) (target, error) {
	scheme, rest, found := strings.Cut(address, "://")
	if !found {
		scheme, rest = "", address
	}
	host, port, err := net.SplitHostPort(strings.TrimSuffix(rest, "/"))
	if err != nil || host == "" || port == "" || strings.ContainsAny(host, "/?#@") || !isNumber(port) {
		return target{}, errors.New("annals: the address must be host:port, or http(s)://host:port and no more")
	}
	local := isLoopback(host)
	hostPort := net.JoinHostPort(host, port)
	switch scheme {
	case "":
		return target{hostPort, !local, local, false}, nil
	case "http":
		return target{hostPort, false, local, true}, nil
	case "https":
		return target{hostPort, true, local, true}, nil
	default:
		return target{}, errors.New("annals: the address must have no scheme, or http or https")
	}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func isNumber(port string) bool {
	_, err := strconv.ParseUint(port, 10, 16)
	return err == nil
}
