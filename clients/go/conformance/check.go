package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/status"

	annalsv1 "annals.dev/go/gen/annals/v1"
)

// check compares all answers of a call with what its step expects, and saves what is to be kept.
func (r *run) check(one step, made *answers) error {
	var came []map[string]any
	var failed error
	for failed == nil {
		var answer map[string]any
		if answer, failed = made.next(); failed == nil {
			came = append(came, answer)
		}
	}
	if errors.Is(failed, io.EOF) {
		failed = nil
	}
	if one.Error == nil && failed != nil {
		return failed
	}
	if one.Error != nil {
		if err := checkError(*one.Error, failed); err != nil {
			return err
		}
	}
	var first any
	if len(came) > 0 {
		first = came[0]
	}
	if one.Expect != nil {
		if err := mismatch(one.Expect, first, "answer"); err != nil {
			return err
		}
	}
	if one.Events != nil {
		events := []any{}
		for _, answer := range came {
			events = append(events, eventsOf(answer)...)
		}
		if err := mismatch(one.Events, events, "events"); err != nil {
			return err
		}
	}
	for id, expected := range one.AnswersByID {
		if err := mismatch(expected, answerWithID(came, id), "answer "+id); err != nil {
			return err
		}
	}
	return r.save(one.Save, first)
}

func (r *run) save(paths map[string]string, answer any) error {
	for name, path := range paths {
		at := answer
		for _, field := range strings.Split(path, ".") {
			fields, _ := at.(map[string]any)
			at = fields[field]
		}
		if at == nil {
			return fmt.Errorf("the answer has no %s", path)
		}
		r.values[name] = fmt.Sprint(at)
	}
	return nil
}

// take takes answers of an open call until all came that the step waits for.
func (r *run) take(one step) error {
	open, ok := r.open[one.From]
	if !ok {
		return errors.New("is not open")
	}
	events := []any{}
	for marked := one.Until == ""; !marked || len(events) < len(one.Events); {
		answer, err := open.next()
		if err != nil {
			return fmt.Errorf("after %d events: %w", len(events), err)
		}
		events = append(events, eventsOf(answer)...)
		_, marks := answer[one.Until]
		marked = marked || marks
	}
	if err := mismatch(one.Events, events, "events"); err != nil {
		return err
	}
	if !one.Ended {
		return nil
	}
	if answer, err := open.next(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("goes on: %v, %w", answer, err)
	}
	return nil
}

func checkError(expected expectedError, failed error) error {
	if failed == nil {
		return fmt.Errorf("expected %s, but it went well", expected.Code)
	}
	answer := status.Convert(failed)
	if got := code.Code(answer.Code()).String(); got != expected.Code {
		return fmt.Errorf("expected code %s, got %s: %s", expected.Code, got, answer.Message())
	}
	if expected.Detail == nil {
		return nil
	}
	for _, one := range answer.Details() {
		if detail, ok := one.(*annalsv1.ErrorDetail); ok {
			fields, err := jsonOf(detail)
			if err != nil {
				return err
			}
			return mismatch(expected.Detail, fields, "detail")
		}
	}
	return errors.New("the error has no detail")
}

func eventsOf(answer map[string]any) []any {
	page, _ := answer["page"].(map[string]any)
	events, _ := page["events"].([]any)
	return events
}

// answerWithID is nil when there is none.
func answerWithID(came []map[string]any, id string) any {
	for _, answer := range came {
		got, ok := answer["correlationId"]
		if !ok {
			got = "0"
		}
		if got == id {
			return answer
		}
	}
	return nil
}
