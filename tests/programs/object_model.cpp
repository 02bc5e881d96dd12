// Run-time types, casts, virtual bases and pointers to members, in objects whose methods become hot.
#include <cstdio>
#include <cstring>
#include <memory>
#include <typeinfo>
#include <vector>

struct Node {
    virtual ~Node() = default;
    virtual int value() const { return 1; }
    int visits = 0;
    void visit() { ++visits; }
};
struct Left : virtual Node {
    int l = 10;
    int value() const override { return l; }
};
struct Right : virtual Node {
    int r = 20;
    virtual int right() const { return r; }
};
struct Diamond final : Left, Right {
    int value() const override { return Left::value() + right(); }
    int right() const override { return r * 2; }
};
struct Loud : Node {
    int from_constructor;
    Loud() { from_constructor = value(); }
    int value() const override { return 100; }
};

static int kind(const Node &node) {
    if (dynamic_cast<const Diamond *>(&node)) return 4;
    if (dynamic_cast<const Right *>(&node)) return 3;
    if (typeid(node) == typeid(Left)) return 2;
    return typeid(node) == typeid(Node) ? 1 : 5;
}

using Method = int (Node::*)() const;
static int call(const Node &node, Method method) { return (node.*method)(); }

int main() {
    std::vector<std::unique_ptr<Node>> nodes;
    for (int i = 0; i < 100; ++i) {
        switch (i % 5) {
        case 0: nodes.push_back(std::make_unique<Node>()); break;
        case 1: nodes.push_back(std::make_unique<Left>()); break;
        case 2: nodes.push_back(std::make_unique<Right>()); break;
        case 3: nodes.push_back(std::make_unique<Diamond>()); break;
        default: nodes.push_back(std::make_unique<Loud>()); break;
        }
    }
    long kinds = 0, values = 0, rights = 0;
    void (Node::*visit)() = &Node::visit;
    int Node::*visits = &Node::visits;
    for (int round = 0; round < 30; ++round)
        for (auto &node : nodes) {
            kinds += kind(*node);
            values += call(*node, &Node::value);
            ((*node).*visit)();
            if (auto *right = dynamic_cast<Right *>(node.get())) rights += right->right();
        }
    auto *loud = dynamic_cast<Loud *>(nodes[4].get());
    std::printf("%ld %ld %ld %d %d\n", kinds, values, rights, (*nodes[7]).*visits, loud->from_constructor);
    try {
        dynamic_cast<Diamond &>(*nodes[0]).right();
    } catch (const std::bad_cast &) {
        const Node &node = *nodes[3];
        std::printf("bad cast, %d\n", std::strcmp(typeid(node).name(), "7Diamond"));
    }
    return 32;
}
