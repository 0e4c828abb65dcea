package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// mismatch says where and why a value does not match what is expected. An actual value of nil is absent.
func mismatch(expected, actual any, path string) error {
	wanted, _ := json.Marshal(expected)
	got, _ := json.Marshal(actual)
	fault := fmt.Errorf("%s: expected %s, got %s", path, wanted, got)
	switch {
	case expected == "<absent>" && actual == nil:
		return nil
	case expected == "<absent>":
		return fault
	case actual == nil && isDefault(expected):
		return nil
	case actual == nil:
		return fault
	case expected == "<any>":
		return nil
	case expected == "<time>":
		text, _ := actual.(string)
		if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
			return fault
		}
		return nil
	}
	switch expected := expected.(type) {
	case []any:
		items, ok := actual.([]any)
		if !ok || len(items) != len(expected) {
			return fault
		}
		for i := range expected {
			if err := mismatch(expected[i], items[i], fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	case map[string]any:
		fields, ok := actual.(map[string]any)
		if !ok {
			return fault
		}
		for name, value := range expected {
			if err := mismatch(value, fields[name], path+"."+name); err != nil {
				return err
			}
		}
	default:
		if expected != actual {
			return fault
		}
	}
	return nil
}

// isDefault is true of what proto3 JSON leaves out.
func isDefault(value any) bool {
	for _, omitted := range []any{nil, 0.0, "0", "", false, []any{}, map[string]any{}} {
		if reflect.DeepEqual(value, omitted) {
			return true
		}
	}
	return false
}
