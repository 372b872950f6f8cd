// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice What is deployed, and what the solver is given in its place (scripts/prove/rewritings.ts), are the same.
contract RewritingsTest {
    function testFuzz_minIsTheLower(uint256 a, uint256 b) public pure {
        _requireMin(a, b);
        _requireMin(b, a);
        _requireMin(a, a);
        _requireMin(a, 0);
        _requireMin(a, type(uint256).max);
    }

    function testFuzz_shiftByOneDoubles(uint256 value, bool ruled) public pure {
        unchecked {
            require(value << (ruled ? 1 : 0) == value * (ruled ? 2 : 1), "a shift does not double");
        }
    }

    function _requireMin(uint256 a, uint256 b) private pure {
        require(Math.min(a, b) == (a < b ? a : b), "Math.min is not the lower");
    }
}
