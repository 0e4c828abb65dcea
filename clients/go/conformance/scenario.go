package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"google.golang.org/grpc"
)

type scenario struct {
	Name  string            `json:"name"`
	Steps []json.RawMessage `json:"steps"`
}

// step is a call, an open, a from or a close.
type step struct {
	Call        string            `json:"call"`
	Open        string            `json:"open"`
	From        string            `json:"from"`
	Close       string            `json:"close"`
	As          string            `json:"as"`
	Metadata    map[string]string `json:"metadata"`
	Request     json.RawMessage   `json:"request"`
	Requests    []json.RawMessage `json:"requests"`
	Expect      any               `json:"expect"`
	Events      []any             `json:"events"`
	AnswersByID map[string]any    `json:"answersById"`
	Error       *expectedError    `json:"error"`
	Save        map[string]string `json:"save"`
	Until       string            `json:"until"`
	Ended       bool              `json:"ended"`
}

type expectedError struct {
	Code   string `json:"code"`
	Detail any    `json:"detail"`
}

// run is one scenario under way.
type run struct {
	conn   grpc.ClientConnInterface
	values map[string]string
	open   map[string]*answers
}

func runScenario(conn grpc.ClientConnInterface, s scenario) error {
	r := &run{conn, map[string]string{}, map[string]*answers{}}
	defer func() {
		for _, open := range r.open {
			open.cancel()
		}
	}()
	for i, raw := range s.Steps {
		one, err := r.filled(raw)
		if err == nil {
			err = r.step(one)
		}
		if err != nil {
			return fmt.Errorf("step %d, %s%s%s: %w", i+1, one.Call, one.From, one.Close, err)
		}
	}
	return nil
}

func (r *run) step(one step) error {
	switch {
	case one.Close != "":
		open, ok := r.open[one.Close]
		if !ok {
			return fmt.Errorf("is not open")
		}
		open.cancel()
		delete(r.open, one.Close)
		return nil
	case one.From != "":
		return r.take(one)
	}
	ctx, cancel := context.WithCancel(context.Background())
	made, err := r.call(ctx, one, cancel)
	if err != nil {
		cancel()
		return err
	}
	if one.Open != "" {
		r.open[one.Open] = made
		return nil
	}
	defer cancel()
	return r.check(one, made)
}

var placeholder = regexp.MustCompile(`\$\{([^}]+)\}`)

// filled is a step with its placeholders filled in.
func (r *run) filled(raw json.RawMessage) (one step, err error) {
	text := placeholder.ReplaceAllStringFunc(string(raw), func(found string) string {
		value, missing := r.value(found[2 : len(found)-1])
		if missing != nil {
			err = missing
		}
		quoted, _ := json.Marshal(value)
		return string(quoted[1 : len(quoted)-1])
	})
	if err == nil {
		err = json.Unmarshal([]byte(text), &one)
	}
	return one, err
}

// value is what was saved, or for a UUID or a tenant a fresh one that then stays.
func (r *run) value(name string) (string, error) {
	if known, ok := r.values[name]; ok {
		return known, nil
	}
	if !strings.HasPrefix(name, "uuid ") && !strings.HasPrefix(name, "tenant ") {
		return "", fmt.Errorf("nothing was saved as %s", name)
	}
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return "", err
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	r.values[name] = fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
	return r.values[name], nil
}
