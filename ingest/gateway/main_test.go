package gateway

import (
	"os"
	"testing"

	"tappa/internal/testenv"
)

func TestMain(m *testing.M) { os.Exit(testenv.Main(m)) }
