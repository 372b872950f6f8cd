// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev The members, in this order, of Chainlink VRF v2.5's `VRFV2PlusClient.RandomWordsRequest`.
struct RandomWordsRequest {
    bytes32 keyHash;
    uint256 subId;
    uint16 requestConfirmations;
    uint32 callbackGasLimit;
    uint32 numWords;
    bytes extraArgs;
}

/// @title What is asked of Chainlink's VRF v2.5 coordinator
/// @dev Chainlink's own consumer base has an owner who can change the coordinator, and so the draws. Ours has none.
interface IVRFCoordinator {
    /// @notice Makes the sender the owner of a new subscription.
    function createSubscription() external returns (uint256 subId);

    function addConsumer(uint256 subId, address consumer) external;

    /// @notice By anyone, in the chain's own coin.
    function fundSubscriptionWithNative(uint256 subId) external payable;

    function requestRandomWords(RandomWordsRequest calldata request) external returns (uint256 requestId);
}
