#pragma once
// What the parser does at an error: one message a statement, nothing inserted or deleted, and on behind the
// end of the statement. Costly to include.

#include <NetcParser.h>

#include "compiler/syntax/explain.h"

namespace netc {

class Recovery : public antlr4::DefaultErrorStrategy {
 public:
  // `tokens` are those of the parser's stream, one for one.
  Recovery(const Tokens& tokens, Reporter& reporter) : tokens_(tokens), reporter_(reporter) {}

  antlr4::Token* recoverInline(antlr4::Parser* parser) override;
  void recover(antlr4::Parser* parser, std::exception_ptr exception) override;
  void sync(antlr4::Parser* parser) override;
  void reportError(antlr4::Parser* parser, const antlr4::RecognitionException& exception) override;

 private:
  Situation situation(antlr4::Parser* parser, std::size_t at) const;

  const Tokens& tokens_;
  Reporter& reporter_;
};

}  // namespace netc
