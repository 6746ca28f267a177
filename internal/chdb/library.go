package chdb

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// fileName is the library's name wherever it lies; modulePath is where npm puts it below deploy/engine.
const (
	fileName   = "libchdb.so"
	modulePath = "deploy/engine/node_modules/@chdb/lib-linux-x64-gnu/" + fileName
	remedy     = "run `make engine` in the source tree, or set TAPPA_LIBCHDB to the file " + fileName
)

// library holds the C functions that are used, under their names without chdb_. Pointers are the engine's own memory,
// so the garbage collector has no part in them. Lengths are size_t.
type library struct {
	setSignalHandlers func(enabled int32)
	connectArgs       func(argc int32, argv unsafe.Pointer) (conn unsafe.Pointer)
	closeConn         func(conn unsafe.Pointer)
	classify          func(handle, sql unsafe.Pointer, n uintptr, db unsafe.Pointer, dbLen uintptr, out unsafe.Pointer) int32

	query func(handle, sql unsafe.Pointer, n uintptr, format unsafe.Pointer, formatLen uintptr,
		names, nameLens, values, valueLens unsafe.Pointer, count uintptr) (result unsafe.Pointer)
	streamQuery func(handle, sql unsafe.Pointer, n uintptr, format unsafe.Pointer, formatLen uintptr,
		names, nameLens, values, valueLens unsafe.Pointer, count uintptr) (result unsafe.Pointer)
	streamFetch  func(handle, result unsafe.Pointer) (chunk unsafe.Pointer)
	streamCancel func(handle, result unsafe.Pointer)

	resultBuffer  func(result unsafe.Pointer) unsafe.Pointer
	resultLength  func(result unsafe.Pointer) uintptr
	resultError   func(result unsafe.Pointer) string
	resultWritten func(result unsafe.Pointer) uint64
	resultFree    func(result unsafe.Pointer)

	insert func(handle, sql unsafe.Pointer, n uintptr, format unsafe.Pointer, formatLen uintptr,
		names, nameLens, values, valueLens unsafe.Pointer, count uintptr) (stream unsafe.Pointer)
	insertAppend func(stream, data unsafe.Pointer, n uintptr) int32
	insertDone   func(stream unsafe.Pointer) (result unsafe.Pointer)
	insertCancel func(stream unsafe.Pointer)
	insertError  func(stream unsafe.Pointer) string
	insertFree   func(stream unsafe.Pointer)
}

// loadLibrary finds the library (named, or where Options.Library says) and binds its functions. Loading again what
// is loaded costs nothing. It is never unloaded: the engine's threads may outlive the engine.
func loadLibrary(named string) (*library, error) {
	file, err := findLibrary(named)
	if err != nil {
		return nil, err
	}
	handle, err := purego.Dlopen(file, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("%w: load %s: %w: %s", ErrNoLibrary, file, err, remedy)
	}
	lib := new(library)
	for symbol, function := range map[string]any{
		"chdb_set_signal_handlers_enabled": &lib.setSignalHandlers,
		"chdb_connect":                     &lib.connectArgs,
		"chdb_close_conn":                  &lib.closeConn,
		"chdb_classify_query_n":            &lib.classify,
		"chdb_query_with_params_n":         &lib.query,
		"chdb_stream_query_with_params_n":  &lib.streamQuery,
		"chdb_stream_fetch_result":         &lib.streamFetch,
		"chdb_stream_cancel_query":         &lib.streamCancel,
		"chdb_result_buffer":               &lib.resultBuffer,
		"chdb_result_length":               &lib.resultLength,
		"chdb_result_error":                &lib.resultError,
		"chdb_result_rows_written":         &lib.resultWritten,
		"chdb_destroy_query_result":        &lib.resultFree,
		"chdb_stream_insert_with_params_n": &lib.insert,
		"chdb_stream_append":               &lib.insertAppend,
		"chdb_stream_done":                 &lib.insertDone,
		"chdb_stream_cancel_insert":        &lib.insertCancel,
		"chdb_stream_insert_error":         &lib.insertError,
		"chdb_destroy_insert_stream":       &lib.insertFree,
	} {
		address, err := purego.Dlsym(handle, symbol)
		if err != nil {
			return nil, fmt.Errorf("%w: %s lacks %s, it must be 26.7 or newer: %s", ErrNoLibrary, file, symbol, remedy)
		}
		purego.RegisterFunc(function, address)
	}
	return lib, nil
}

// findLibrary returns the first library file that exists. A place that was named is the only one looked at.
func findLibrary(named string) (string, error) {
	if named == "" {
		named = os.Getenv("TAPPA_LIBCHDB")
	}
	if named != "" {
		if _, err := os.Stat(named); err != nil {
			return "", fmt.Errorf("%w: %w: %s", ErrNoLibrary, err, remedy)
		}
		return named, nil
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return "", fmt.Errorf("%w for %s/%s: set TAPPA_LIBCHDB to your own", ErrNoLibrary, runtime.GOOS, runtime.GOARCH)
	}
	for _, file := range libraryPlaces() {
		if _, err := os.Stat(file); err == nil {
			return file, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("%w: %w: %s", ErrNoLibrary, err, remedy)
		}
	}
	return "", fmt.Errorf("%w: %s", ErrNoLibrary, remedy)
}

func libraryPlaces() []string {
	var places, roots []string
	if exe, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(exe); err == nil {
			exe = real
		}
		dir := filepath.Dir(exe)
		places = append(places, filepath.Join(dir, "..", "lib", fileName), filepath.Join(dir, fileName))
		roots = append(roots, dir)
	}
	if dir, err := os.Getwd(); err == nil {
		roots = append([]string{dir}, roots...)
	}
	for _, dir := range roots {
		for {
			places = append(places, filepath.Join(dir, modulePath))
			parent := filepath.Dir(dir)
			if parent == dir {
				break
			}
			dir = parent
		}
	}
	return places
}
