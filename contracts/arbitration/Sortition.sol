// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Drawing by weight without putting back
/// @dev The weights lie end to end on a line. What was taken is cut out of the line: a point on what is left is moved to
/// the right past every cut at or before it. So each draw is by weight among those that are left, and none is in vain.
library Sortition {
    struct Urn {
        /// The length of the line that is left.
        uint256 left;
        /// The cuts, in the order of the line.
        uint256 count;
        uint256[] starts;
        uint256[] lengths;
    }

    function urn(uint256 total, uint256 maxTakes) internal pure returns (Urn memory) {
        return Urn(total, 0, new uint256[](maxTakes), new uint256[](maxTakes));
    }

    /// @dev The modulo prefers small points by less than 2^-224, since no line is longer than 2^32.
    function pointOf(Urn memory self, bytes32 seed, uint256 nonce) internal pure returns (uint256 point) {
        point = uint256(keccak256(abi.encode(seed, nonce))) % self.left;
        for (uint256 i = 0; i < self.count && point >= self.starts[i]; ++i) point += self.lengths[i];
    }

    function take(Urn memory self, uint256 start, uint256 length) internal pure {
        uint256 i = self.count++;
        for (; i > 0 && self.starts[i - 1] > start; --i) {
            self.starts[i] = self.starts[i - 1];
            self.lengths[i] = self.lengths[i - 1];
        }
        (self.starts[i], self.lengths[i]) = (start, length);
        self.left -= length;
    }
}
