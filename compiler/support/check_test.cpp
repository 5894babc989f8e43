#include "compiler/support/check.h"

#include <gtest/gtest.h>

namespace netc {
namespace {

TEST(Check, AFalseConditionIsReportedAndExitsWith70) {
  EXPECT_EXIT(NETC_CHECK(1 > 2, "one is less than two"), testing::ExitedWithCode(70),
              "a bug in netc: one is less than two\n  at compiler/support/check_test.cpp:[0-9]+\n.*report");
}

TEST(Check, ATrueConditionIsNothing) { NETC_CHECK(2 > 1, "never"); }

}  // namespace
}  // namespace netc
